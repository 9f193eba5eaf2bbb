// The scheduler when a kernel goes wrong: what happened, where, and giving the kernel up.
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "memory.hpp"
#include "scheduler.hpp"

namespace azj::emulation {

// No thread can go on, and some have not returned.
void Scheduler::stuck() {
  const ThreadState* waiting = nullptr;
  for (int i = 0; i < threads_; ++i) {
    const ThreadState& thread = states_[i];
    if (thread.wait == Wait::kReturned) continue;
    // What others wait for in the end: the kinds of wait are in that order.
    if (waiting == nullptr || thread.wait > waiting->wait) waiting = &thread;
  }
  running_ = const_cast<ThreadState*>(waiting);
  const Site& site = waiting->site;
  if (waiting->wait > Wait::kWarp) asynchrony_.explain(*this, *waiting);
  if (waiting->wait == Wait::kCluster) {
    fail(cudaErrorLaunchFailure,
         "divergent barrier: %d of the cluster's %d threads wait at a cluster barrier (%s:%d), and the others have "
         "returned or wait for something else",
         grid_->cluster->at_barrier(), static_cast<int>(grid_->cluster->size()) * threads_, site.name(), site.line);
  }
  if (waiting->wait == Wait::kBarrier) {
    int first = 0;
    while (states_[first].wait != Wait::kReturned) ++first;
    const uint3& index = states_[first].index;
    fail(cudaErrorLaunchFailure,
         "divergent barrier: %d of the block's %d threads wait at __syncthreads (%s:%d), %d have returned, the first "
         "of them "
         "(%u,%u,%u)",
         at_barrier_, threads_, site.name(), site.line, returned_, index.x, index.y, index.z);
  }
  int first = waiting->number / 32 * 32;
  const WarpGroup& group = warps_[first / 32].groups[__builtin_ctz(waiting->mask)];
  int missing = __builtin_ctz(group.mask & ~group.arrived);
  const ThreadState& other = states_[first + missing];
  char where[256] = "has returned";
  if (other.wait != Wait::kReturned) {
    std::snprintf(where, sizeof where, "waits at %s (%s:%d)",
                  other.wait == Wait::kBarrier ? "__syncthreads" : "another warp function", other.site.name(),
                  other.site.line);
  }
  fail(cudaErrorLaunchFailure, "warp function (%s:%d) with mask 0x%08x: lane %d, which the mask names, %s", site.name(),
       site.line, group.mask, missing, where);
}

void Scheduler::fail(cudaError_t error, const char* pattern, ...) {
  fault_.error = error;
  va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(fault_.text, sizeof fault_.text, pattern, arguments);
  va_end(arguments);
  abandoned_ = true;
  signal_instruction_ = nullptr;
  abandon_for(base_);
}

void Scheduler::fail_from_signal(cudaError_t error, const char* what, const void* address, const void* instruction) {
  fault_.error = error;
  std::snprintf(fault_.text, sizeof fault_.text, "%s", what);
  abandoned_ = true;
  signal_address_ = address;
  signal_instruction_ = instruction;
#if AZJ_EMULATION_ASAN
  __sanitizer_start_switch_fiber(nullptr, base_.low, base_.bytes);
#endif
}

void Scheduler::check_grid_wait() {
  if (!grid_->early || running_->waited_for_grid) return;
  fail(cudaErrorLaunchFailure, "launched to begin before the kernel before it has ended, and this thread never waited for "
       "that (griddepcontrol.wait)");
}

bool Scheduler::overflowed(const void* address) const {
  uintptr_t low = reinterpret_cast<uintptr_t>(current_stack_->low), wanted = reinterpret_cast<uintptr_t>(address);
  return wanted < low && wanted >= low - kStackGuardBytes;
}

// Where it happened, before what happened.
void Scheduler::finish_fault() {
  const uint3& block = builtins.block;
  const uint3& thread = running_->index;
  if (signal_instruction_ != nullptr) {
    size_t used = std::strlen(fault_.text);
    char address[256];
    describe_address(signal_address_, address, sizeof address);
    std::snprintf(fault_.text + used, sizeof fault_.text - used, " at %p, %s; instruction %s", signal_address_, address,
                  code_location(signal_instruction_).c_str());
  }
  Fault named;
  named.error = fault_.error;
  named.block = turn_;
  std::snprintf(named.text, sizeof named.text, "kernel %s, block (%u,%u,%u), thread (%u,%u,%u): %.1000s",
                kernel_name(grid_->kernel->function).c_str(), block.x, block.y, block.z, thread.x, thread.y, thread.z,
                fault_.text);
  fault_ = named;
}

}  // namespace azj::emulation

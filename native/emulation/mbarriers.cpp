#include "mbarriers.hpp"

#include <cinttypes>
#include <cstring>

#include "memory_checks.hpp"
#include "scheduler.hpp"

namespace azj::emulation {

namespace {

constexpr size_t kBytes = 8;
constexpr uint32_t kMaxCount = (1u << 20) - 1;
constexpr int64_t kMaxPendingBytes = (1 << 20) - 1;

}  // namespace

void Mbarriers::initialise(Scheduler& scheduler, void* barrier, uint32_t count, Site site) {
  if (reinterpret_cast<uintptr_t>(barrier) % kBytes != 0) {
    scheduler.fail(cudaErrorMisalignedAddress, "mbarrier.init (%s:%d): %p is not aligned to 8 bytes", site.name(),
                   site.line, barrier);
  }
  if (!scheduler.shared().contains(barrier, kBytes)) {
    scheduler.fail(cudaErrorInvalidAddressSpace, "mbarrier.init (%s:%d): %p is not shared memory of this block",
                   site.name(), site.line, barrier);
  }
  if (count < 1 || count > kMaxCount) {
    scheduler.fail(cudaErrorLaunchFailure, "mbarrier.init (%s:%d) for %u arrivals; it takes 1 to %u", site.name(),
                   site.line, count, kMaxCount);
  }
  if (all_.count(barrier) != 0) {
    scheduler.fail(cudaErrorLaunchFailure, "mbarrier.init (%s:%d): the mbarrier at %p is initialised a second time",
                   site.name(), site.line, barrier);
  }
  mark_written(barrier, kBytes);
  std::memset(barrier, 0, kBytes);
  all_[barrier] = Mbarrier{count, count, 0, 0, scheduler.running().number, false, {}};
}

void Mbarriers::publish(int thread) {
  for (auto& entry : all_) {
    if (entry.second.owner == thread) entry.second.published = true;
  }
}

Mbarriers::Mbarrier& Mbarriers::find(Scheduler& scheduler, void* barrier, const char* what, Site site) {
  auto found = all_.find(barrier);
  if (found == all_.end()) {
    scheduler.fail(cudaErrorLaunchFailure, "%s (%s:%d): there is no mbarrier at %p; mbarrier.init makes one", what,
                   site.name(), site.line, barrier);
  }
  return found->second;
}

void Mbarriers::require_published(Scheduler& scheduler, void* barrier, const char* what, Site site) {
  if (find(scheduler, barrier, what, site).published) return;
  scheduler.fail(cudaErrorLaunchFailure,
                 "%s (%s:%d): the mbarrier at %p was initialised without a fence.proxy.async by the same thread "
                 "afterwards",
                 what, site.name(), site.line, barrier);
}

void Mbarriers::end_phase(Scheduler& owner, Mbarrier& barrier) {
  if (barrier.pending > 0 || barrier.bytes != 0) return;
  ++barrier.phase;
  barrier.pending = barrier.count;
  owner.wake(barrier.waiting);  // each looks at its parity again
}

void Mbarriers::arrive(Scheduler& scheduler, Scheduler& owner, void* barrier, Site site) {
  Mbarrier& found = find(scheduler, barrier, "mbarrier.arrive", site);
  if (found.pending == 0) {
    scheduler.fail(cudaErrorLaunchFailure,
                   "mbarrier.arrive (%s:%d): the phase has had its %u arrivals already, and waits for %" PRId64
                   " bytes",
                   site.name(), site.line, found.count, found.bytes);
  }
  --found.pending;
  end_phase(owner, found);
}

void Mbarriers::expect_bytes(Scheduler& scheduler, void* barrier, uint32_t bytes, Site site) {
  Mbarrier& found = find(scheduler, barrier, "mbarrier.expect_tx", site);
  found.bytes += bytes;
  if (found.bytes > kMaxPendingBytes) {
    scheduler.fail(cudaErrorLaunchFailure,
                   "mbarrier.expect_tx (%s:%d): %" PRId64 " bytes are expected; a phase counts %" PRId64, site.name(),
                   site.line, found.bytes, kMaxPendingBytes);
  }
}

void Mbarriers::complete_bytes(Scheduler& scheduler, void* barrier, uint32_t bytes, bool foreign) {
  Mbarrier& found = all_.at(barrier);
  if (!foreign && found.bytes < bytes) {
    scheduler.fail(cudaErrorLaunchFailure,
                   "a bulk copy brings %u bytes to the mbarrier at %p, which expects %" PRId64
                   " more; mbarrier.expect_tx announces them first",
                   bytes, barrier, found.bytes);
  }
  found.bytes -= bytes;
  end_phase(scheduler, found);
}

bool Mbarriers::try_wait(Scheduler& scheduler, void* barrier, uint32_t parity, Site site) {
  if (parity > 1) {
    scheduler.fail(cudaErrorLaunchFailure, "mbarrier.try_wait (%s:%d): the parity of a phase is 0 or 1, not %u",
                   site.name(), site.line, parity);
  }
  Mbarrier& found = find(scheduler, barrier, "mbarrier.try_wait", site);
  ThreadState& thread = scheduler.running();
  if ((found.phase & 1) == parity && !thread.refused) {
    thread.refused = true;
    return false;
  }
  while ((found.phase & 1) == parity) {
    thread.mbarrier = barrier;
    thread.parity = parity;
    scheduler.wait_in(found.waiting, Wait::kMbarrier, site);
  }
  thread.refused = false;
  return true;
}

void Mbarriers::explain(Scheduler& scheduler, const ThreadState& waiting) const {
  const Mbarrier& found = all_.at(const_cast<void*>(waiting.mbarrier));
  char where[256];
  scheduler.shared().describe(waiting.mbarrier, where, sizeof where);
  scheduler.fail(cudaErrorLaunchFailure,
                 "deadlock: the thread waits at mbarrier.try_wait (%s:%d) for the end of phase %u (parity %u) of the "
                 "mbarrier at %s; %u of %u arrivals and %" PRId64
                 " bytes are missing, and nobody is left to bring them",
                 waiting.site.name(), waiting.site.line, found.phase, waiting.parity, where, found.pending, found.count,
                 found.bytes);
}

}  // namespace azj::emulation

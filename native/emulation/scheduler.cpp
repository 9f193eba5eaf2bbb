#include "scheduler.hpp"

#include <pthread.h>

#include <cstdio>
#include <cstring>

namespace azj::emulation {

__thread Builtins builtins = {};

namespace {

__thread Scheduler* scheduler = nullptr;

uint3 position(uint64_t number, dim3 extent) {
  return uint3{static_cast<unsigned>(number % extent.x), static_cast<unsigned>(number / extent.x % extent.y),
               static_cast<unsigned>(number / extent.x / extent.y)};
}

bool same(const Site& a, const Site& b) {
  return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

}  // namespace

Scheduler* Scheduler::current() { return scheduler; }

Scheduler::Scheduler() : states_(kMaxBlockThreads) {
  for (int i = 0; i < kMaxBlockThreads; ++i) states_[i].number = i;
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    void* low = nullptr;
    pthread_attr_getstack(&attributes, &low, &base_.bytes);
    base_.low = low;
    pthread_attr_destroy(&attributes);
  }
}

Scheduler::~Scheduler() {
  for (Stack* stack : stacks_) free_stack(stack);
}

void Scheduler::run(Grid& grid) {
  grid_ = &grid;
  fault_.error = cudaSuccess;
  abandoned_ = false;
  threads_ = static_cast<int>(grid.block.x * grid.block.y * grid.block.z);
  for (int i = 0; i < threads_; ++i) states_[i].index = position(i, grid.block);
  for (WarpState& warp : warps_) {
    for (WarpGroup& group : warp.groups) group.arrived = 0;
  }
  ready_ = waiting_ = ThreadList{};
  at_barrier_ = 0;
  builtins.block_extent = grid.block;
  builtins.grid_extent = grid.grid;
  builtins.dynamic_shared = shared_.dynamic();
  shared_.begin_grid(*grid.kernel, grid.shared_bytes);
  rank_ = 0;
  turn_ = UINT64_MAX;
  if (grid.cluster != nullptr && !grid.cluster->join(*this, rank_)) return;
  if (begin_next_block()) run_blocks();
  if (grid.cluster != nullptr) grid.cluster->leave(rank_, fault_.error != cudaSuccess);
}

// The block that has begun, and those after it.
void Scheduler::run_blocks() {

  Stack* stack = take_stack();
  if (stack == nullptr) {
    fault_.error = cudaErrorLaunchOutOfResources;
    std::snprintf(fault_.text, sizeof fault_.text, "no memory for the stack of a thread");
    return;
  }
  scheduler = this;
  starting_ = start_one();
  current_stack_ = stack;
  switch_context(base_, stack->context);
  scheduler = nullptr;
  if (abandoned_) {
    free_stacks_.clear();
    for (Stack* each : stacks_) {
      reset(*each, &run_threads);
      free_stacks_.push_back(each);
    }
    if (fault_.error != cudaSuccess) finish_fault();
  }
}

// The block that the calling OS thread runs next; false when there is none.
bool Scheduler::begin_next_block() {
  if (grid_->cluster == nullptr) {
    turn_ = grid_->next.fetch_add(1, std::memory_order_relaxed);
  } else {
    // Ranks count along x, whichever way the blocks are handed out.
    const unsigned size = grid_->cluster->size();
    turn_ = turn_ != UINT64_MAX ? turn_ + size : grid_->reverse ? size - 1 - rank_ : rank_;
  }
  if (turn_ >= grid_->blocks || turn_ > grid_->first_faulty.load(std::memory_order_relaxed)) return false;
  builtins.block = position(grid_->reverse ? grid_->blocks - 1 - turn_ : turn_, grid_->grid);
  if (grid_->cluster != nullptr) grid_->cluster->begin_block(rank_);
  started_ = returned_ = 0;
  shared_.begin_block();
  asynchrony_.begin_block();
  return true;
}

ThreadState* Scheduler::start_one() {
  if (started_ == threads_) return nullptr;
  ThreadState& thread = states_[grid_->reverse ? threads_ - 1 - started_ : started_];
  ++started_;
  thread.begin();
  return &thread;
}

// A thread that waited and can go on; nullptr where one that has not begun comes first, or none can. Bulk copies arrive
// when nobody can do anything else: as late as possible.
ThreadState* Scheduler::next_ready() {
  if (started_ == threads_ && returned_ < threads_) {
    while (ready_.head == nullptr && asynchrony_.copies.deliver(*this)) {
    }
  }
  return ready_.take();
}

// The running stack holds one thread after the other, until one of them has to wait.
void Scheduler::run_threads() {
  entered();
  Scheduler& self = *scheduler;
  for (;;) {
    ThreadState* thread = self.starting_;
    thread->stack = self.current_stack_;
    self.resumed(thread);
    const Kernel& kernel = *self.grid_->kernel;
    kernel.invoke(kernel.function, kernel.arguments.get());
    self.thread_returned();
  }
}

void Scheduler::resumed(ThreadState* thread) {
  running_ = thread;
  thread->wait = Wait::kRunning;
  builtins.thread = thread->index;
}

// Returns when this stack has a thread to start.
void Scheduler::thread_returned() {
  check_grid_wait();
  asynchrony_.end_thread(*this);
  running_->wait = Wait::kReturned;
  ++returned_;
  Stack* mine = current_stack_;
  ThreadState* next = next_ready();
  if (next == nullptr) {
    starting_ = start_one();
    if (starting_ != nullptr) return;
    if (returned_ < threads_) next = revived();
  }
  if (next != nullptr) {
    free_stacks_.push_back(mine);
    current_stack_ = next->stack;
    switch_context(mine->context, next->stack->context);
    return;
  }
  asynchrony_.end_block(*this);
  if (grid_->cluster != nullptr && grid_->cluster->end_block(rank_) != Cluster::Turn::kMine) give_up();
  if (begin_next_block()) {
    starting_ = start_one();
    return;
  }
  free_stacks_.push_back(mine);
  switch_context(mine->context, base_);
}

// Leaves the running thread, which is in some list, until it is taken from ready_.
void Scheduler::suspend() {
  ThreadState* thread = running_;
  ThreadState* next = next_ready();
  if (next == nullptr) {
    starting_ = start_one();
    if (starting_ == nullptr) next = revived();
  }
  if (next == thread) {
    thread->wait = Wait::kRunning;
    return;
  }
  if (next == nullptr) {
    current_stack_ = take_stack();
    if (current_stack_ == nullptr) fail(cudaErrorLaunchOutOfResources, "no memory for the stack of a thread");
  } else {
    current_stack_ = next->stack;
    if (ready_.head != nullptr) prefetch(ready_.head->stack->context);
  }
  switch_context(thread->stack->context, current_stack_->context);
  resumed(thread);
}

void Scheduler::wait_in(ThreadList& list, Wait why, Site site) {
  running_->wait = why;
  running_->site = site;
  list.append(running_);
  suspend();
}

Stack* Scheduler::take_stack() {
  if (free_stacks_.empty()) {
    Stack* stack = allocate_stack(static_cast<int>(stacks_.size()));
    if (stack == nullptr) return nullptr;
    stacks_.push_back(stack);
    reset(*stack, &run_threads);
    return stack;
  }
  Stack* stack = free_stacks_.back();
  free_stacks_.pop_back();
  return stack;
}

int Scheduler::barrier(BarrierReduction reduction, int predicate, Site site) {
  ThreadState* thread = running_;
  if (at_barrier_ == 0) {
    barrier_site_ = site;
    barrier_votes_ = 0;
  } else if (!same(site, barrier_site_)) {
    ThreadState& other = *waiting_.head;
    fail(cudaErrorLaunchFailure,
         "divergent barrier: this thread waits at __syncthreads (%s:%d), thread (%u,%u,%u) at another one (%s:%d)",
         site.name(), site.line, other.index.x, other.index.y, other.index.z, other.site.name(), other.site.line);
  }
  barrier_votes_ += predicate != 0;
  thread->wait = Wait::kBarrier;
  thread->site = site;
  waiting_.append(thread);
  if (++at_barrier_ == threads_) {
    at_barrier_ = 0;
    if (reduction != BarrierReduction::kNone) {
      int result = reduction == BarrierReduction::kCount ? barrier_votes_
                   : reduction == BarrierReduction::kAnd ? barrier_votes_ == threads_
                                                         : barrier_votes_ > 0;
      for (ThreadState* each = waiting_.head; each != nullptr; each = each->next) each->barrier_result = result;
    }
    ready_.append(waiting_);
  }
  suspend();
  return thread->barrier_result;
}

void Scheduler::rendezvous(WarpOperation operation, uint32_t mask, void* operand, WarpComplete complete, Site site) {
  ThreadState* thread = running_;
  int lane = thread->number % 32, first = thread->number - lane;
  WarpState& warp = warps_[first / 32];
  // Lanes that a block of an odd size does not have count as not named.
  int lanes = threads_ - first < 32 ? threads_ - first : 32;
  uint32_t existing = lanes == 32 ? 0xffffffffu : (1u << lanes) - 1;
  if ((mask >> lane & 1) == 0) {
    fail(cudaErrorLaunchFailure, "warp function (%s:%d): the mask 0x%08x does not name the calling lane %d",
         site.name(), site.line, mask, lane);
  }
  mask &= existing;
  WarpGroup& group = warp.groups[__builtin_ctz(mask)];
  if (group.arrived == 0) {
    group.mask = mask;
    group.operation = operation;
    group.site = site;
  } else if (group.mask != mask || group.operation != operation || !same(group.site, site)) {
    int other = __builtin_ctz(group.arrived);
    fail(cudaErrorLaunchFailure,
         "divergent warp: lane %d waits at a warp function (%s:%d) with mask 0x%08x, lane %d at another (%s:%d) with "
         "mask "
         "0x%08x",
         lane, site.name(), site.line, mask, other, group.site.name(), group.site.line, group.mask);
  }
  warp.operands[lane] = operand;
  group.arrived |= 1u << lane;
  if (group.arrived != mask) {
    thread->wait = Wait::kWarp;
    thread->site = site;
    thread->mask = mask;
    suspend();
    return;
  }
  group.arrived = 0;
  if (complete != nullptr) complete(warp.operands, mask);
  for (uint32_t rest = mask & ~(1u << lane); rest != 0; rest &= rest - 1) {
    ready_.append(&states_[first + __builtin_ctz(rest)]);
  }
}

uint32_t Scheduler::live_lanes() const {
  int first = running_->number / 32 * 32;
  uint32_t live = 0;
  for (int lane = 0; lane < 32 && first + lane < threads_; ++lane) {
    int number = first + lane;
    int turn = grid_->reverse ? threads_ - 1 - number : number;
    if (turn >= started_ || states_[number].wait != Wait::kReturned) live |= 1u << lane;
  }
  return live;
}

}  // namespace azj::emulation

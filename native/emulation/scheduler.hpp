// Runs the blocks of a grid, one block after the other on an OS thread. Each CUDA thread is called like a function;
// only one that has to wait leaves its stack to itself, and the next thread begins on another. A kernel without
// barriers thus runs without a single switch.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "asynchrony.hpp"
#include "cluster.hpp"
#include "context.hpp"
#include "device_builtins.h"
#include "fault.hpp"
#include "kernel.hpp"
#include "shared_memory.hpp"
#include "thread_state.hpp"

namespace azj::emulation {

// One launch, shared by the OS threads that run it. Blocks are handed out in order, so that the first faulty block is
// the same in every run: blocks before it still run, and the fault of the lowest one is kept.
struct Grid {
  const Kernel* kernel = nullptr;
  dim3 grid, block;
  size_t shared_bytes = 0;
  int capability = 0;    // of the device, 10 * major + minor
  bool reverse = false;  // threads and blocks start in the reverse order
  bool early = false;    // may begin before the kernel before has ended: every thread has to wait for that
  Cluster* cluster = nullptr;  // of which there are several blocks, neighbours along x

  uint64_t blocks = 0;
  std::atomic<uint64_t> next{0};                   // how many were handed out
  std::atomic<uint64_t> first_faulty{UINT64_MAX};  // in the order of handing out
};

// Lanes that wait at one warp function, kept by the lowest lane of the mask they named.
struct WarpGroup {
  uint32_t mask = 0, arrived = 0;
  WarpOperation operation = WarpOperation::kSync;
  Site site{};
};

struct WarpState {
  WarpGroup groups[32];
  void* operands[32];
};

// What one OS thread needs to run blocks.
class Scheduler {
 public:
  Scheduler();
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs blocks of the grid until none is left or one is faulty; fault().error is then not cudaSuccess. Always called
  // by one OS thread. False when the system has no memory for stacks.
  void run(Grid& grid);
  const Fault& fault() const { return fault_; }

  // The scheduler that runs the calling code, or nullptr outside kernels.
  static Scheduler* current();

  // ---- for the functions of device_builtins.h and ptx.cuh, called by the running thread
  int barrier(BarrierReduction reduction, int predicate, Site site);
  void rendezvous(WarpOperation operation, uint32_t mask, void* operand, WarpComplete complete, Site site);
  uint32_t live_lanes() const;
  // The block's number in its cluster. Outside of a launch with clusters every block is one.
  unsigned cluster_rank() const { return rank_; }
  void cluster_barrier(Site site);
  // The scheduler of a block of the running one's cluster, which is about to be reached.
  Scheduler& cluster_member(unsigned rank, const char* what, Site site);
  // Whether the block can, without another block.
  bool can_go_on() const { return ready_.head != nullptr || started_ < threads_ || asynchrony_.copies.under_way(); }
  ThreadState& running() { return *running_; }
  // Suspends the running thread until `list` is woken.
  void wait_in(ThreadList& list, Wait why, Site site);
  void wake(ThreadList& list) { ready_.append(list); }
  // On behalf of another thread, which has to be the one a fault is reported for.
  void blame(int thread) { running_ = &states_[thread]; }
  const Grid& grid() const { return *grid_; }
  int threads() const { return threads_; }
  Asynchrony& asynchrony() { return asynchrony_; }
  // Gives the kernel up.
  [[noreturn]] __attribute__((format(printf, 3, 4))) void fail(cudaError_t error, const char* pattern, ...);
  // The same from a signal handler, which then has to continue base().
  void fail_from_signal(cudaError_t error, const char* what, const void* address, const void* instruction);
  // For a thread that returns.
  void check_grid_wait();
  // Whether the address is in the guard page of the running stack.
  bool overflowed(const void* address) const;
  Context& base() { return base_; }
  SharedMemory& shared() { return shared_; }

 private:
  void run_blocks();
  static void run_threads();
  bool begin_next_block();
  ThreadState* revived();
  [[noreturn]] void give_up();
  void thread_returned();
  [[noreturn]] void stuck();
  void suspend();
  ThreadState* start_one();
  ThreadState* next_ready();
  Stack* take_stack();
  void resumed(ThreadState* thread);
  void finish_fault();

  Grid* grid_ = nullptr;
  uint64_t turn_ = 0;  // of the running block, in the order of handing out
  int threads_ = 0;    // in a block
  unsigned rank_ = 0;  // of the running block in its cluster
  int started_ = 0;    // of the running block
  int returned_ = 0;
  int at_barrier_ = 0;
  Site barrier_site_{};
  int barrier_votes_ = 0;
  ThreadState* running_ = nullptr;
  ThreadState* starting_ = nullptr;  // what a stack that is switched to for the first time begins with
  ThreadList ready_;                 // can go on
  ThreadList waiting_;               // at the barrier
  Context base_;
  Stack* current_stack_ = nullptr;
  std::vector<Stack*> stacks_, free_stacks_;
  std::vector<ThreadState> states_;
  WarpState warps_[kMaxBlockThreads / 32];
  SharedMemory shared_;
  Asynchrony asynchrony_;

  Fault fault_;
  bool abandoned_ = false;
  const void* signal_address_ = nullptr;
  const void* signal_instruction_ = nullptr;
};

}  // namespace azj::emulation

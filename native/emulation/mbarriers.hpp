// mbarrier objects: a phase ends when all its arrivals have come and every byte that was announced has been copied.
// PTX ISA, "Parallel Synchronization and Communication Instructions: mbarrier".
#pragma once

#include <cstdint>
#include <map>

#include "thread_state.hpp"

namespace azj::emulation {

class Scheduler;

class Mbarriers {
 public:
  void begin_block() {
    if (!all_.empty()) all_.clear();
  }
  void initialise(Scheduler& scheduler, void* barrier, uint32_t count, Site site);
  // The running thread's fence: bulk copies see the mbarriers that it initialised.
  void publish(int thread);
  // The running thread, at an mbarrier of its own block or of another of the cluster, `owner`.
  void arrive(Scheduler& scheduler, Scheduler& owner, void* barrier, Site site);
  void expect_bytes(Scheduler& scheduler, void* barrier, uint32_t bytes, Site site);
  // The running thread goes on when the phase of this parity has ended.
  // Says no once, like a GPU whose time for it is over, before it waits for the end of the phase.
  bool try_wait(Scheduler& scheduler, void* barrier, uint32_t parity, Site site);

  // For a copy that will complete bytes: the mbarrier has to be there and published.
  void require_published(Scheduler& scheduler, void* barrier, const char* what, Site site);
  // foreign: another block's copy, which may come before this block has announced it.
  void complete_bytes(Scheduler& scheduler, void* barrier, uint32_t bytes, bool foreign);

  [[noreturn]] void explain(Scheduler& scheduler, const ThreadState& waiting) const;

 private:
  struct Mbarrier {
    uint32_t count;    // arrivals that a phase takes
    uint32_t pending;  // of this phase, still to come
    int64_t bytes;     // announced and not yet copied; below 0 those copied and not yet announced
    uint32_t phase;
    int owner;  // the thread that initialised it
    bool published;
    ThreadList waiting;
  };
  Mbarrier& find(Scheduler& scheduler, void* barrier, const char* what, Site site);
  static void end_phase(Scheduler& owner, Mbarrier& barrier);

  std::map<void*, Mbarrier> all_;
};

}  // namespace azj::emulation

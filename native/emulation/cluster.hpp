// The blocks of a cluster, each on an OS thread of its own, which has its own shared memory. Only one of them runs at a
// time: it goes on until none of its threads can, and hands over to the next that can. So what a cluster does is the
// same in every run, and what blocks do to each other needs no locks. PTX ISA, "Cluster of Cooperative Thread Arrays".
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "thread_state.hpp"

namespace azj::emulation {

class Scheduler;

// The cluster of one launch; its OS threads run one cluster of blocks after the other.
class Cluster {
 public:
  Cluster(unsigned size, bool reverse) : turn_(reverse ? size - 1 : 0), step_(reverse ? size - 1 : 1), members_(size) {}

  unsigned size() const { return static_cast<unsigned>(members_.size()); }

  // Makes the scheduler's OS thread the one for the blocks of a rank, and waits for its turn. False when all ranks have
  // theirs, or a block is faulty already.
  bool join(Scheduler& scheduler, unsigned& rank);
  void leave(unsigned rank, bool faulty);

  enum class Turn {
    kMine,      // again, and there is something to do
    kDeadlock,  // no block of the cluster can go on; the caller says why its own cannot
    kGivenUp    // another block is faulty
  };
  // The running block cannot go on by itself: to the next that can; without one, to the next that has not ended, for it
  // to say why.
  Turn hand_over(unsigned rank);
  void begin_block(unsigned rank) { members_[rank].state = State::kRunning; }
  // The running block has ended: waits until all of its cluster have.
  Turn end_block(unsigned rank);

  // Waits for every thread of every block.
  void barrier(Scheduler& scheduler, unsigned rank, Site site);
  int at_barrier() const { return at_barrier_; }

  // The scheduler of a block that runs: for the running thread, about to do `what` there.
  Scheduler& running_member(Scheduler& caller, unsigned rank, const char* what, Site site);

 private:
  enum class State { kFresh, kRunning, kEnded, kLeft };
  struct Member {
    Scheduler* scheduler = nullptr;
    State state = State::kFresh;
    ThreadList at_barrier;
  };
  bool can_go_on(const Member& member) const;
  Turn give(unsigned rank, unsigned to);

  std::mutex mutex_;
  std::condition_variable changed_;
  unsigned joined_ = 0, turn_;
  const unsigned step_;  // from a rank to the next
  bool faulty_ = false, deadlock_ = false;
  int at_barrier_ = 0;
  std::vector<Member> members_;
};

}  // namespace azj::emulation

#include "cluster.hpp"

#include "scheduler.hpp"

namespace azj::emulation {

bool Cluster::join(Scheduler& scheduler, unsigned& rank) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (joined_ == size()) return false;
  rank = joined_++;
  members_[rank].scheduler = &scheduler;
  changed_.notify_all();
  changed_.wait(lock, [&] { return faulty_ || (joined_ == size() && turn_ == rank); });
  return !faulty_;
}

void Cluster::leave(unsigned rank, bool faulty) {
  std::lock_guard<std::mutex> lock(mutex_);
  members_[rank].state = State::kLeft;
  if (faulty) faulty_ = true;
  for (unsigned i = 1; i < size(); ++i) {
    const unsigned next = (rank + i * step_) % size();
    if (members_[next].state == State::kLeft) continue;
    turn_ = next;
    break;
  }
  changed_.notify_all();
}

bool Cluster::can_go_on(const Member& member) const {
  return member.state == State::kFresh || (member.state == State::kRunning && member.scheduler->can_go_on());
}

Cluster::Turn Cluster::give(unsigned rank, unsigned to) {
  std::unique_lock<std::mutex> lock(mutex_);
  turn_ = to;
  changed_.notify_all();
  changed_.wait(lock, [&] { return faulty_ || turn_ == rank; });
  return faulty_ ? Turn::kGivenUp : deadlock_ ? Turn::kDeadlock : Turn::kMine;
}

Cluster::Turn Cluster::hand_over(unsigned rank) {
  for (unsigned i = 1; i < size(); ++i) {
    const unsigned next = (rank + i * step_) % size();
    if (can_go_on(members_[next])) return give(rank, next);
  }
  deadlock_ = true;
  if (members_[rank].state == State::kRunning) return Turn::kDeadlock;
  unsigned next = rank;
  while (members_[next].state != State::kRunning) next = (next + 1) % size();
  return give(rank, next);
}

Cluster::Turn Cluster::end_block(unsigned rank) {
  members_[rank].state = State::kEnded;
  bool all = true;
  for (const Member& member : members_) all = all && member.state == State::kEnded;
  if (!all) return hand_over(rank);
  for (Member& member : members_) member.state = State::kFresh;
  return Turn::kMine;
}

void Cluster::barrier(Scheduler& scheduler, unsigned rank, Site site) {
  if (++at_barrier_ < static_cast<int>(size()) * scheduler.threads()) {
    scheduler.wait_in(members_[rank].at_barrier, Wait::kCluster, site);
    return;
  }
  at_barrier_ = 0;
  for (Member& member : members_) member.scheduler->wake(member.at_barrier);
}

Scheduler& Cluster::running_member(Scheduler& caller, unsigned rank, const char* what, Site site) {
  if (rank >= size()) {
    caller.fail(cudaErrorLaunchFailure, "%s (%s:%d) to block %u of a cluster of %u", what, site.name(), site.line, rank,
                size());
  }
  const Member& member = members_[rank];
  if (member.state != State::kRunning) {
    caller.fail(cudaErrorLaunchFailure,
                "%s (%s:%d) to block %u of the cluster, which %s: a cluster barrier %s makes sure that it is there",
                what, site.name(), site.line, rank, member.state == State::kFresh ? "may not have begun" : "has ended",
                member.state == State::kFresh ? "before" : "at the end");
  }
  return *member.scheduler;
}

}  // namespace azj::emulation

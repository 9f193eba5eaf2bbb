// The scheduler of a block that is not alone: other blocks of its cluster go on, and are reached.
#include "scheduler.hpp"

namespace azj::emulation {

// A thread of a block in which none could go on, after other blocks of the cluster have.
ThreadState* Scheduler::revived() {
  while (grid_->cluster != nullptr) {
    const Cluster::Turn turn = grid_->cluster->hand_over(rank_);
    if (turn == Cluster::Turn::kGivenUp) give_up();
    if (turn == Cluster::Turn::kDeadlock) break;
    if (ThreadState* next = next_ready()) return next;
  }
  stuck();
}

void Scheduler::cluster_barrier(Site site) {
  if (grid_->cluster != nullptr) return grid_->cluster->barrier(*this, rank_, site);
  barrier(BarrierReduction::kNone, 0, site);
}

Scheduler& Scheduler::cluster_member(unsigned rank, const char* what, Site site) {
  if (grid_->cluster != nullptr) return grid_->cluster->running_member(*this, rank, what, site);
  if (rank == 0) return *this;
  fail(cudaErrorLaunchFailure, "%s (%s:%d) to block %u of its cluster: the launch has none", what, site.name(),
       site.line, rank);
}

// Another block of the cluster is faulty.
void Scheduler::give_up() {
  abandoned_ = true;
  signal_instruction_ = nullptr;
  abandon_for(base_);
}

}  // namespace azj::emulation

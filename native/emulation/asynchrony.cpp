#include "asynchrony.hpp"

#include "scheduler.hpp"

namespace azj::emulation {

void Asynchrony::begin_block() {
  mbarriers.begin_block();
  copies.begin_block();
  stores.begin_block();
  warpgroups.begin_block();
}

void Asynchrony::end_thread(Scheduler& scheduler) {
  stores.end_thread(scheduler);
  warpgroups.end_thread(scheduler);
}

void Asynchrony::end_block(Scheduler& scheduler) {
  copies.end_block(scheduler);
  warpgroups.end_block(scheduler);
}

void Asynchrony::explain(Scheduler& scheduler, const ThreadState& waiting) const {
  if (waiting.wait == Wait::kMbarrier) mbarriers.explain(scheduler, waiting);
  warpgroups.explain(scheduler, waiting);
}

void require_hopper(const char* instruction, Site site) {
  Scheduler& scheduler = *Scheduler::current();
  if (scheduler.grid().capability == 90) return;
  scheduler.fail(cudaErrorIllegalInstruction, "%s (%s:%d) is an instruction of sm_90a; this device has %d", instruction,
                 site.name(), site.line, scheduler.grid().capability);
}

}  // namespace azj::emulation

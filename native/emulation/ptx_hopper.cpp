// The instructions of ptx_hopper.cuh, each given to what keeps its state.
#include "ptx_hopper.cuh"

#include "scheduler.hpp"

namespace azj::emulation {

namespace {

Scheduler& hopper(const char* instruction, Site site) {
  require_hopper(instruction, site);
  return *Scheduler::current();
}

void complete_election(void* const operands[32], uint32_t mask) {
  const int leader = Scheduler::current()->grid().reverse ? 31 - __builtin_clz(mask) : __builtin_ctz(mask);
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    const int lane = __builtin_ctz(rest);
    *static_cast<bool*>(operands[lane]) = lane == leader;
  }
}

}  // namespace

uint32_t shared_window_address(const void* pointer, Site site) {
  Scheduler& scheduler = *Scheduler::current();
  uint32_t address = 0;
  if (!scheduler.shared().window_address(pointer, address)) {
    scheduler.fail(cudaErrorInvalidAddressSpace,
                   "the shared address of %p (%s:%d) is asked for; the emulation has those of dynamic shared memory",
                   pointer, site.name(), site.line);
  }
  return address;
}

bool elect(Site site) {
  require_hopper("elect.sync", site);
  bool leader = false;
  warp_rendezvous(WarpOperation::kElect, 0xffffffffu, &leader, &complete_election, site);
  return leader;
}

void mbarrier_init(void* barrier, uint32_t count, Site site) {
  Scheduler& scheduler = hopper("mbarrier.init", site);
  scheduler.asynchrony().mbarriers.initialise(scheduler, barrier, count, site);
}

void mbarrier_arrive(void* barrier, Site site) {
  Scheduler& scheduler = hopper("mbarrier.arrive", site);
  scheduler.asynchrony().mbarriers.arrive(scheduler, scheduler, barrier, site);
}

void mbarrier_arrive_remote(void* barrier, uint32_t rank, Site site) {
  Scheduler& scheduler = hopper("mbarrier.arrive.shared::cluster", site);
  Scheduler& owner = scheduler.cluster_member(rank, "mbarrier.arrive", site);
  void* const there = scheduler.shared().at_peer(barrier, owner.shared());
  owner.asynchrony().mbarriers.arrive(scheduler, owner, there, site);
}

void begin_next_grid(Site site) { hopper("griddepcontrol.launch_dependents", site); }

void wait_for_grid_before(Site site) { hopper("griddepcontrol.wait", site).running().waited_for_grid = true; }

uint32_t cluster_rank(Site site) { return hopper("%cluster_ctarank", site).cluster_rank(); }

void cluster_barrier(Site site) { hopper("barrier.cluster", site).cluster_barrier(site); }

void mbarrier_expect_bytes(void* barrier, uint32_t bytes, Site site) {
  Scheduler& scheduler = hopper("mbarrier.arrive.expect_tx", site);
  scheduler.asynchrony().mbarriers.expect_bytes(scheduler, barrier, bytes, site);
}

bool mbarrier_try_wait(void* barrier, uint32_t parity, Site site) {
  Scheduler& scheduler = hopper("mbarrier.try_wait", site);
  return scheduler.asynchrony().mbarriers.try_wait(scheduler, barrier, parity, site);
}

void fence_proxy_async(Site site) {
  Scheduler& scheduler = hopper("fence.proxy.async", site);
  scheduler.asynchrony().mbarriers.publish(scheduler.running().number);
  scheduler.asynchrony().stores.fence(scheduler);
}

void fence_mbarrier_init(Site site) {
  Scheduler& scheduler = hopper("fence.mbarrier_init", site);
  scheduler.asynchrony().mbarriers.publish(scheduler.running().number);
}

void tensor_load(void* target, const CUtensorMap* map, int rank, const int32_t* at, const uint16_t* taps, void* barrier,
                 Site site) {
  Scheduler& scheduler = hopper("cp.async.bulk.tensor", site);
  scheduler.asynchrony().copies.load(scheduler, scheduler, target, map, rank, at, taps, barrier, site);
}

void tensor_load_multicast(void* target, const CUtensorMap* map, int rank, const int32_t* at, const uint16_t* taps,
                           void* barrier, uint16_t blocks, Site site) {
  Scheduler& scheduler = hopper("cp.async.bulk.tensor.multicast::cluster", site);
  for (unsigned block = 0; block < 16; ++block) {
    if ((blocks >> block & 1) == 0) continue;
    Scheduler& owner = scheduler.cluster_member(block, "cp.async.bulk.tensor", site);
    owner.asynchrony().copies.load(scheduler, owner, scheduler.shared().at_peer(target, owner.shared()), map, rank, at,
                                   taps, scheduler.shared().at_peer(barrier, owner.shared()), site);
  }
}

void tensor_store(const CUtensorMap* map, int rank, const int32_t* at, const void* source, Site site) {
  Scheduler& scheduler = hopper("cp.async.bulk.tensor", site);
  scheduler.asynchrony().stores.store(scheduler, map, rank, at, source, site);
}

void bulk_commit(Site site) {
  Scheduler& scheduler = hopper("cp.async.bulk.commit_group", site);
  scheduler.asynchrony().stores.commit(scheduler);
}

void bulk_wait_read(int pending_groups, Site site) {
  Scheduler& scheduler = hopper("cp.async.bulk.wait_group.read", site);
  scheduler.asynchrony().stores.wait_read(scheduler, static_cast<uint32_t>(pending_groups));
}

void warpgroup_registers(bool increase, int count, Site site) {
  Scheduler& scheduler = hopper("setmaxnreg", site);
  scheduler.asynchrony().warpgroups.set_registers(scheduler, increase, count, site);
}

void warpgroup_fence(Site site) {
  Scheduler& scheduler = hopper("wgmma.fence", site);
  scheduler.asynchrony().warpgroups.fence(scheduler, site);
}

void warpgroup_multiply_tf32(float* d, int n, uint64_t a, uint64_t b, bool accumulate, Site site) {
  Scheduler& scheduler = hopper("wgmma.mma_async", site);
  scheduler.asynchrony().warpgroups.multiply(
      scheduler, {MatrixType::kTf32, n, Major::kAlongK, Major::kAlongK, a, b, accumulate, site}, d);
}

void warpgroup_multiply_bf16(float* d, int n, bool rows_of_a, bool rows_of_b, uint64_t a, uint64_t b, bool accumulate,
                             Site site) {
  Scheduler& scheduler = hopper("wgmma.mma_async", site);
  const Major major_a = rows_of_a ? Major::kAlongRows : Major::kAlongK;
  const Major major_b = rows_of_b ? Major::kAlongRows : Major::kAlongK;
  scheduler.asynchrony().warpgroups.multiply(
      scheduler, {MatrixType::kBf16, n, major_a, major_b, a, b, accumulate, site}, d);
}

void warpgroup_commit(Site site) {
  Scheduler& scheduler = hopper("wgmma.commit_group", site);
  scheduler.asynchrony().warpgroups.commit(scheduler, site);
}

void warpgroup_wait(int pending_groups, Site site) {
  Scheduler& scheduler = hopper("wgmma.wait_group", site);
  scheduler.asynchrony().warpgroups.wait(scheduler, pending_groups, site);
}

}  // namespace azj::emulation

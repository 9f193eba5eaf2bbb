// Twin of src/cuda/ptx_hopper.cuh: the same functions, for the host.
#include "cuda_runtime.h"

#ifndef AZJ_CUDA_PTX_HOPPER_CUH
#define AZJ_CUDA_PTX_HOPPER_CUH

#include <cuda.h>

#include <cstdint>

#include "device_builtins.h"

namespace azj::emulation {
uint32_t shared_window_address(const void* pointer, Site site);
bool elect(Site site);
void mbarrier_init(void* barrier, uint32_t count, Site site);
void mbarrier_arrive(void* barrier, Site site);
void mbarrier_arrive_remote(void* barrier, uint32_t rank, Site site);
uint32_t cluster_rank(Site site);
void cluster_barrier(Site site);
void begin_next_grid(Site site);
void wait_for_grid_before(Site site);
void mbarrier_expect_bytes(void* barrier, uint32_t bytes, Site site);
bool mbarrier_try_wait(void* barrier, uint32_t parity, Site site);
void fence_proxy_async(Site site);
void fence_mbarrier_init(Site site);
void tensor_load(void* target, const CUtensorMap* map, int rank, const int32_t* at, const uint16_t* taps, void* barrier,
                 Site site);
void tensor_load_multicast(void* target, const CUtensorMap* map, int rank, const int32_t* at, const uint16_t* taps,
                           void* barrier, uint16_t blocks, Site site);
void tensor_store(const CUtensorMap* map, int rank, const int32_t* at, const void* source, Site site);
void bulk_commit(Site site);
void bulk_wait_read(int pending_groups, Site site);
void store_matrices(void* row, const uint32_t* d, Site site);
void warpgroup_registers(bool increase, int count, Site site);
void warpgroup_fence(Site site);
void warpgroup_multiply_tf32(float* d, int n, uint64_t a, uint64_t b, bool accumulate, Site site);
void warpgroup_multiply_bf16(float* d, int n, bool rows_of_a, bool rows_of_b, uint64_t a, uint64_t b, bool accumulate,
                             Site site);
void warpgroup_commit(Site site);
void warpgroup_wait(int pending_groups, Site site);
}  // namespace azj::emulation

namespace azj::cuda {

// An address in the shared window.
inline uint32_t shared_address(const void* pointer, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::shared_window_address(pointer, AZJ_SITE);
}

// elect.sync: the lowest lane, or the highest where threads start in the reverse order.
inline bool elect_one(AZJ_SITE_PARAMETERS) { return ::azj::emulation::elect(AZJ_SITE); }

// mbarrier.init.shared::cta.b64
inline void mbarrier_init(uint64_t* barrier, uint32_t arrivals, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::mbarrier_init(barrier, arrivals, AZJ_SITE);
}

// mbarrier.arrive.shared::cta.b64
inline void mbarrier_arrive(uint64_t* barrier, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::mbarrier_arrive(barrier, AZJ_SITE);
}

// mapa.shared::cluster.u32, mbarrier.arrive.shared::cluster.b64
inline void mbarrier_arrive_remote(uint64_t* barrier, uint32_t rank, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::mbarrier_arrive_remote(barrier, rank, AZJ_SITE);
}

// mbarrier.arrive.expect_tx.shared::cta.b64
inline void mbarrier_arrive_expect_tx(uint64_t* barrier, uint32_t bytes, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::mbarrier_expect_bytes(barrier, bytes, AZJ_SITE);
  ::azj::emulation::mbarrier_arrive(barrier, AZJ_SITE);
}

// mbarrier.try_wait.parity.shared::cta.b64: says no once; then it takes its time, until the phase has ended.
inline bool mbarrier_try_wait(uint64_t* barrier, uint32_t parity, AZJ_SITE_PARAMETERS) {
  return ::azj::emulation::mbarrier_try_wait(barrier, parity, AZJ_SITE);
}

// fence.proxy.async.shared::cta
inline void fence_proxy_async(AZJ_SITE_PARAMETERS) { ::azj::emulation::fence_proxy_async(AZJ_SITE); }

// fence.mbarrier_init.release.cluster
inline void fence_mbarrier_init(AZJ_SITE_PARAMETERS) { ::azj::emulation::fence_mbarrier_init(AZJ_SITE); }

// %cluster_ctarank
inline uint32_t cluster_rank(AZJ_SITE_PARAMETERS) { return ::azj::emulation::cluster_rank(AZJ_SITE); }

// barrier.cluster.arrive.release, barrier.cluster.wait.acquire
inline void cluster_barrier(AZJ_SITE_PARAMETERS) { ::azj::emulation::cluster_barrier(AZJ_SITE); }

// griddepcontrol.launch_dependents, griddepcontrol.wait: kernels run one after the other here
inline void begin_next_grid(AZJ_SITE_PARAMETERS) { ::azj::emulation::begin_next_grid(AZJ_SITE); }
inline void wait_for_grid_before(AZJ_SITE_PARAMETERS) { ::azj::emulation::wait_for_grid_before(AZJ_SITE); }

// cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes
inline void tensor_load_4d(void* target, const CUtensorMap* map, int32_t x, int32_t y, int32_t z, int32_t w,
                           uint64_t* barrier, AZJ_SITE_PARAMETERS) {
  const int32_t at[] = {x, y, z, w};
  ::azj::emulation::tensor_load(target, map, 4, at, nullptr, barrier, AZJ_SITE);
}

// the same with .multicast::cluster
inline void tensor_load_4d_multicast(void* target, const CUtensorMap* map, int32_t x, int32_t y, int32_t z, int32_t w,
                                     uint64_t* barrier, uint16_t blocks, AZJ_SITE_PARAMETERS) {
  const int32_t at[] = {x, y, z, w};
  ::azj::emulation::tensor_load_multicast(target, map, 4, at, nullptr, barrier, blocks, AZJ_SITE);
}

// cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes
inline void tensor_load_im2col(void* target, const CUtensorMap* map, int32_t channel, int32_t column, int32_t row,
                               int32_t sample, uint16_t tap_w, uint16_t tap_h, uint64_t* barrier,
                               AZJ_SITE_PARAMETERS) {
  const int32_t at[] = {channel, column, row, sample};
  const uint16_t taps[] = {tap_w, tap_h};
  ::azj::emulation::tensor_load(target, map, 4, at, taps, barrier, AZJ_SITE);
}

// the same with .multicast::cluster
inline void tensor_load_im2col_multicast(void* target, const CUtensorMap* map, int32_t channel, int32_t column,
                                         int32_t row, int32_t sample, uint16_t tap_w, uint16_t tap_h,
                                         uint64_t* barrier, uint16_t blocks, AZJ_SITE_PARAMETERS) {
  const int32_t at[] = {channel, column, row, sample};
  const uint16_t taps[] = {tap_w, tap_h};
  ::azj::emulation::tensor_load_multicast(target, map, 4, at, taps, barrier, blocks, AZJ_SITE);
}

// cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group
inline void tensor_store_4d(const CUtensorMap* map, int32_t x, int32_t y, int32_t z, int32_t w, const void* source,
                            AZJ_SITE_PARAMETERS) {
  const int32_t at[] = {x, y, z, w};
  ::azj::emulation::tensor_store(map, 4, at, source, AZJ_SITE);
}

// cp.async.bulk.commit_group, cp.async.bulk.wait_group.read N
inline void bulk_commit(AZJ_SITE_PARAMETERS) { ::azj::emulation::bulk_commit(AZJ_SITE); }
template <int N>
inline void bulk_wait_read(AZJ_SITE_PARAMETERS) {
  static_assert(N >= 0, "a number of groups");
  ::azj::emulation::bulk_wait_read(N, AZJ_SITE);
}

// stmatrix.sync.aligned.m8n8.x4.trans.shared.b16
inline void stmatrix_x4_trans(void* row, const uint32_t (&d)[4], AZJ_SITE_PARAMETERS) {
  ::azj::emulation::store_matrices(row, d, AZJ_SITE);
}

// setmaxnreg.inc.sync.aligned.u32, setmaxnreg.dec.sync.aligned.u32
template <int kRegisters>
inline void setmaxnreg_inc(AZJ_SITE_PARAMETERS) {
  static_assert(kRegisters % 8 == 0 && kRegisters >= 24 && kRegisters <= 256, "24 to 256 in steps of 8");
  ::azj::emulation::warpgroup_registers(true, kRegisters, AZJ_SITE);
}
template <int kRegisters>
inline void setmaxnreg_dec(AZJ_SITE_PARAMETERS) {
  static_assert(kRegisters % 8 == 0 && kRegisters >= 24 && kRegisters <= 256, "24 to 256 in steps of 8");
  ::azj::emulation::warpgroup_registers(false, kRegisters, AZJ_SITE);
}

// wgmma.fence.sync.aligned, wgmma.commit_group.sync.aligned, wgmma.wait_group.sync.aligned N
inline void wgmma_fence(AZJ_SITE_PARAMETERS) { ::azj::emulation::warpgroup_fence(AZJ_SITE); }
inline void wgmma_commit(AZJ_SITE_PARAMETERS) { ::azj::emulation::warpgroup_commit(AZJ_SITE); }
template <int N>
inline void wgmma_wait(AZJ_SITE_PARAMETERS) {
  static_assert(N >= 0 && N <= 7, "a number of groups");
  ::azj::emulation::warpgroup_wait(N, AZJ_SITE);
}

// No instruction: until here the compiler has not read the accumulators. The host's compiler knows that by itself.
template <int kCount>
inline void wgmma_results(float (&)[kCount]) {}

// wgmma.mma_async.sync.aligned.m64nNk8.f32.tf32.tf32, .m64nNk16.f32.bf16.bf16; kRowsOfA,
// kRowsOfB: whether they are transposed
template <int kCount>
inline void wgmma_tf32(float (&d)[kCount], uint64_t a, uint64_t b, bool accumulate, AZJ_SITE_PARAMETERS) {
  static_assert(kCount == 64 || kCount == 128, "N is 128 or 256");
  ::azj::emulation::warpgroup_multiply_tf32(d, 2 * kCount, a, b, accumulate, AZJ_SITE);
}
template <bool kRowsOfA, bool kRowsOfB, int kCount>
inline void wgmma_bf16(float (&d)[kCount], uint64_t a, uint64_t b, bool accumulate, AZJ_SITE_PARAMETERS) {
  static_assert(kCount == 64 || kCount == 96 || kCount == 128, "N is 128, 192 or 256");
  ::azj::emulation::warpgroup_multiply_bf16(d, 2 * kCount, kRowsOfA, kRowsOfB, a, b, accumulate, AZJ_SITE);
}

}  // namespace azj::cuda

#endif  // AZJ_CUDA_PTX_HOPPER_CUH

// Twin of src/cuda/ptx.cuh: the same functions, for the host. Where an instruction leaves a choice to the hardware, the
// twin takes the one that shows a mistake: bytes of an asynchronous copy arrive at the wait and not before, and what
// they will overwrite counts as uninitialised until then.
#include "cuda_runtime.h"

#ifndef AZJ_CUDA_PTX_CUH
#define AZJ_CUDA_PTX_CUH

#include <cstdint>

#include "device_builtins.h"

namespace azj::emulation {
// Queues a copy of `bytes` from global to shared memory (zeros when !valid) for the calling thread.
void async_copy(void* target, const void* source, int bytes, bool valid, Site site);
void async_commit();
void async_wait(int pending_groups);

void mma_tf32(float* d, const uint32_t* a, const uint32_t* b, Site site);
void mma_bf16(float* d, const uint32_t* a, const uint32_t* b, Site site);
void load_matrix(uint32_t* d, int matrices, bool transposed, const void* row, Site site);
uint32_t round_to_tf32(float value);
uint32_t round_to_bf16(float value);
}  // namespace azj::emulation

namespace azj::cuda {

// cp.async.ca.shared.global [target], [source], 4, valid ? 4 : 0
inline void cp_async_4(void* target, const void* source, bool valid = true, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::async_copy(target, source, 4, valid, AZJ_SITE);
}

// cp.async.cg.shared.global [target], [source], 16, valid ? 16 : 0
inline void cp_async_16(void* target, const void* source, bool valid = true, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::async_copy(target, source, 16, valid, AZJ_SITE);
}

// cp.async.commit_group
inline void cp_async_commit() { ::azj::emulation::async_commit(); }

// cp.async.wait_group N
template <int N>
inline void cp_async_wait() {
  static_assert(N >= 0, "a number of groups");
  ::azj::emulation::async_wait(N);
}

// cvt.rna.tf32.f32
inline uint32_t cvt_tf32(float value) { return ::azj::emulation::round_to_tf32(value); }

// cvt.rn.bf16x2.f32
inline uint32_t cvt_bf16x2(float low, float high) {
  return ::azj::emulation::round_to_bf16(low) | (::azj::emulation::round_to_bf16(high) << 16);
}

// mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32
inline void mma_m16n8k8_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], AZJ_SITE_PARAMETERS) {
  ::azj::emulation::mma_tf32(d, a, b, AZJ_SITE);
}

// mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
inline void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], AZJ_SITE_PARAMETERS) {
  ::azj::emulation::mma_bf16(d, a, b, AZJ_SITE);
}

// ldmatrix.sync.aligned.m8n8.x1 / .x2 / .x4 .shared.b16, and with .trans
inline void ldmatrix_x1(uint32_t (&d)[1], const void* row, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::load_matrix(d, 1, false, row, AZJ_SITE);
}
inline void ldmatrix_x2(uint32_t (&d)[2], const void* row, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::load_matrix(d, 2, false, row, AZJ_SITE);
}
inline void ldmatrix_x4(uint32_t (&d)[4], const void* row, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::load_matrix(d, 4, false, row, AZJ_SITE);
}
inline void ldmatrix_x1_trans(uint32_t (&d)[1], const void* row, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::load_matrix(d, 1, true, row, AZJ_SITE);
}
inline void ldmatrix_x2_trans(uint32_t (&d)[2], const void* row, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::load_matrix(d, 2, true, row, AZJ_SITE);
}
inline void ldmatrix_x4_trans(uint32_t (&d)[4], const void* row, AZJ_SITE_PARAMETERS) {
  ::azj::emulation::load_matrix(d, 4, true, row, AZJ_SITE);
}

}  // namespace azj::cuda

#endif  // AZJ_CUDA_PTX_CUH

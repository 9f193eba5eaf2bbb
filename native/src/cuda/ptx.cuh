// One function for each PTX instruction that the kernels use; inline assembly is nowhere else. The twins in emulation/
// do the same on the host: there, <cuda_runtime.h> is emulation's, which includes them, with the include guard of this
// file.
//
// cp.async, and mma with TF32 or BF16, came with compute capability 8.0. On 7.5 the copies are made at once, by
// ordinary loads and stores, and the waits have nothing to wait for; roundings to BF16 are computed; an mma traps: such
// kernels are refused before their launch.
#include <cuda_runtime.h>

#ifndef AZJ_CUDA_PTX_CUH
#define AZJ_CUDA_PTX_CUH

#include <cstdint>

namespace azj::cuda {

// An address in the shared window, as instructions on shared memory take it.
__device__ __forceinline__ uint32_t shared_address(const void* pointer) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

// ---- asynchronous copies from global to shared memory
// Both addresses are aligned to the size. When !valid, zeros are written and the source is not read.

// cp.async.ca.shared.global [target], [source], 4, valid ? 4 : 0
__device__ __forceinline__ void cp_async_4(void* target, const void* source, bool valid = true) {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;\n" ::"r"(shared_address(target)), "l"(source),
               "r"(valid ? 4 : 0)
               : "memory");
#else
  *static_cast<uint32_t*>(target) = valid ? *static_cast<const uint32_t*>(source) : 0u;
#endif
}

// cp.async.cg.shared.global [target], [source], 16, valid ? 16 : 0
__device__ __forceinline__ void cp_async_16(void* target, const void* source, bool valid = true) {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(shared_address(target)), "l"(source),
               "r"(valid ? 16 : 0)
               : "memory");
#else
  *static_cast<uint4*>(target) = valid ? *static_cast<const uint4*>(source) : make_uint4(0, 0, 0, 0);
#endif
}

// cp.async.commit_group: the copies since the last one become a group.
__device__ __forceinline__ void cp_async_commit() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;\n" ::: "memory");
#endif
}

// cp.async.wait_group N: waits until at most the N latest groups of this thread are under way. Other threads see the
// bytes after a barrier.
template <int N>
__device__ __forceinline__ void cp_async_wait() {
  static_assert(N >= 0, "a number of groups");
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;\n" ::"n"(N) : "memory");
#endif
}

// ---- conversions to what the tensor cores read

// cvt.rna.tf32.f32: 10 bits of mantissa, to the nearest, ties away from zero; the value sits in a float's upper 19
// bits.
__device__ __forceinline__ uint32_t cvt_tf32(float value) {
#if __CUDA_ARCH__ >= 800
  uint32_t result;
  asm("cvt.rna.tf32.f32 %0, %1;\n" : "=r"(result) : "f"(value));
  return result;
#else
  return __float_as_uint(value);
#endif
}

#if __CUDA_ARCH__ < 800
// The instruction below of one value, by adding half of the last place and cutting off; a NaN becomes the one it makes.
__device__ __forceinline__ uint32_t round_to_bf16(float value) {
  const uint32_t bits = __float_as_uint(value);
  return value != value ? 0x7fffu : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}
#endif

// cvt.rn.bf16x2.f32: two bfloat16, to the nearest, ties to even; `low` in the lower half, the one of the lower address.
__device__ __forceinline__ uint32_t cvt_bf16x2(float low, float high) {
#if __CUDA_ARCH__ >= 800
  uint32_t result;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;\n" : "=r"(result) : "f"(high), "f"(low));
  return result;
#else
  return round_to_bf16(low) | (round_to_bf16(high) << 16);
#endif
}

// ---- matrix multiply-accumulate by one warp: D (16 x 8) = A (16 x K) * B (K x 8) + D
// With g = lane / 4 and t = lane % 4, a lane holds
//   d[0], d[1]: D[g][2t], D[g][2t+1];  d[2], d[3]: D[g+8][2t], D[g+8][2t+1]
// Every lane of the warp takes part.

// mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32
//   a[0..3]: A[g][t], A[g+8][t], A[g][t+4], A[g+8][t+4];  b[0..1]: B[t][g], B[t+4][g]
__device__ __forceinline__ void mma_m16n8k8_tf32(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

// mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32, two neighbours in k in a register, the lower k in the lower half
//   a[0..3]: A[g][2t..], A[g+8][2t..], A[g][2t+8..], A[g+8][2t+8..];  b[0..1]: B[2t..][g], B[2t+8..][g]
__device__ __forceinline__ void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
      "{%0, %1, %2, %3};\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

// ---- loads of 8 x 8 matrices of 16-bit elements by one warp
// Lane l gives the shared address of row l % 8 of matrix l / 8 (lanes past the last matrix give any valid address),
// aligned to 16 bytes. d[i] of a lane: row lane / 4 of matrix i, elements 2 (lane % 4) and the next; with _trans, of
// its transpose.

#define AZJ_LDMATRIX_1(name, qualifier)                                                             \
  __device__ __forceinline__ void name(uint32_t (&d)[1], const void* row) {                         \
    asm volatile("ldmatrix.sync.aligned.m8n8.x1" qualifier ".shared.b16 {%0}, [%1];\n"              \
                 : "=r"(d[0])                                                                       \
                 : "r"(shared_address(row))                                                         \
                 : "memory");                                                                       \
  }
#define AZJ_LDMATRIX_2(name, qualifier)                                                             \
  __device__ __forceinline__ void name(uint32_t (&d)[2], const void* row) {                         \
    asm volatile("ldmatrix.sync.aligned.m8n8.x2" qualifier ".shared.b16 {%0, %1}, [%2];\n"          \
                 : "=r"(d[0]), "=r"(d[1])                                                           \
                 : "r"(shared_address(row))                                                         \
                 : "memory");                                                                       \
  }
#define AZJ_LDMATRIX_4(name, qualifier)                                                             \
  __device__ __forceinline__ void name(uint32_t (&d)[4], const void* row) {                         \
    asm volatile("ldmatrix.sync.aligned.m8n8.x4" qualifier ".shared.b16 {%0, %1, %2, %3}, [%4];\n"  \
                 : "=r"(d[0]), "=r"(d[1]), "=r"(d[2]), "=r"(d[3])                                   \
                 : "r"(shared_address(row))                                                         \
                 : "memory");                                                                       \
  }

// ldmatrix.sync.aligned.m8n8.x{1,2,4}{.trans}.shared.b16
AZJ_LDMATRIX_1(ldmatrix_x1, "")
AZJ_LDMATRIX_2(ldmatrix_x2, "")
AZJ_LDMATRIX_4(ldmatrix_x4, "")
AZJ_LDMATRIX_1(ldmatrix_x1_trans, ".trans")
AZJ_LDMATRIX_2(ldmatrix_x2_trans, ".trans")
AZJ_LDMATRIX_4(ldmatrix_x4_trans, ".trans")

#undef AZJ_LDMATRIX_1
#undef AZJ_LDMATRIX_2
#undef AZJ_LDMATRIX_4

}  // namespace azj::cuda

#endif  // AZJ_CUDA_PTX_CUH

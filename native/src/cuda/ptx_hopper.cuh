// The PTX instructions of compute capability 9.0 (sm_90a), one function each; inline assembly is nowhere else but in
// this file and ptx.cuh. The sources that include this file are compiled for 90a alone (CMakeLists.txt). The twin in
// emulation/ does the same on the host: there, <cuda_runtime.h> is emulation's, which includes it, with the include
// guard of this file.
#include <cuda_runtime.h>

#ifndef AZJ_CUDA_PTX_HOPPER_CUH
#define AZJ_CUDA_PTX_HOPPER_CUH

#include <cuda.h>

#include <cstdint>

#include "ptx.cuh"

namespace azj::cuda {

// elect.sync: true for one lane of the warp, which all lanes have to be there for.
__device__ __forceinline__ bool elect_one() {
  uint32_t elected;
  asm volatile(
      "{\n"
      ".reg .pred p;\n"
      "elect.sync _|p, 0xffffffff;\n"
      "selp.u32 %0, 1, 0, p;\n"
      "}\n"
      : "=r"(elected));
  return elected != 0;
}

// ---- mbarriers: 8 bytes of shared memory. A phase ends when `arrivals` have come and all expected bytes are copied;
// the first phase has parity 0.

// mbarrier.init.shared::cta.b64
__device__ __forceinline__ void mbarrier_init(uint64_t* barrier, uint32_t arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;\n" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory");
}

// mbarrier.arrive.shared::cta.b64
__device__ __forceinline__ void mbarrier_arrive(uint64_t* barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];\n" ::"r"(shared_address(barrier)) : "memory");
}

// mapa.shared::cluster.u32, mbarrier.arrive.shared::cluster.b64: at the mbarrier in the same place of block `rank` of the
// cluster. Says that asynchronous reads, which have been waited for, are over, and orders no ordinary access: with
// .release.cluster it would be a membar.gpu, each time.
__device__ __forceinline__ void mbarrier_arrive_remote(uint64_t* barrier, uint32_t rank) {
  asm volatile(
      "{\n"
      ".reg .b32 there;\n"
      "mapa.shared::cluster.u32 there, %0, %1;\n"
      "mbarrier.arrive.shared::cluster.b64 _, [there];\n"
      "}\n" ::"r"(shared_address(barrier)),
      "r"(rank)
      : "memory");
}

// mbarrier.arrive.expect_tx.shared::cta.b64: the phase ends only when `bytes` more have been copied.
__device__ __forceinline__ void mbarrier_arrive_expect_tx(uint64_t* barrier, uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;\n" ::"r"(shared_address(barrier)), "r"(bytes)
               : "memory");
}

// mbarrier.try_wait.parity.shared::cta.b64: whether the phase of that parity, the running one or the one before, has
// ended; may wait a while before it says no.
__device__ __forceinline__ bool mbarrier_try_wait(uint64_t* barrier, uint32_t parity) {
  uint32_t ended;
  asm volatile(
      "{\n"
      ".reg .pred p;\n"
      "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
      "selp.u32 %0, 1, 0, p;\n"
      "}\n"
      : "=r"(ended)
      : "r"(shared_address(barrier)), "r"(parity)
      : "memory");
  return ended != 0;
}

// fence.proxy.async.shared::cta: what this thread wrote to shared memory, mbarriers included, is seen by bulk copies
// and the tensor cores.
__device__ __forceinline__ void fence_proxy_async() { asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory"); }

// ---- clusters: blocks that run together and reach each other's shared memory

// %cluster_ctarank: the block's number in its cluster.
__device__ __forceinline__ uint32_t cluster_rank() {
  uint32_t rank;
  asm("mov.u32 %0, %%cluster_ctarank;\n" : "=r"(rank));
  return rank;
}

// fence.mbarrier_init.release.cluster: the mbarriers that this thread initialised are seen by bulk copies and, after a
// cluster_barrier(), by the cluster.
__device__ __forceinline__ void fence_mbarrier_init() {
  asm volatile("fence.mbarrier_init.release.cluster;\n" ::: "memory");
}

// barrier.cluster.arrive.release, barrier.cluster.wait.acquire: waits for every thread of the cluster's blocks.
__device__ __forceinline__ void cluster_barrier() {
  asm volatile("barrier.cluster.arrive.release;\nbarrier.cluster.wait.acquire;\n" ::: "memory");
}

// ---- kernels that begin before the one before them in the stream has ended: launch_early(), launch.cuh

// griddepcontrol.launch_dependents: a kernel behind this one that may begin early does so once every block of this one
// has said this or ended.
__device__ __forceinline__ void begin_next_grid() { asm volatile("griddepcontrol.launch_dependents;\n" ::: "memory"); }

// griddepcontrol.wait: until the kernels before have ended and what they wrote is seen; at once in a kernel that did
// not begin early.
__device__ __forceinline__ void wait_for_grid_before() { asm volatile("griddepcontrol.wait;\n" ::: "memory"); }

// ---- bulk copies of boxes of a tensor

// cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [target], [map, {x, y, z, w}],
// [barrier]: by one thread. `target` on 128 bytes, `map` a kernel parameter; x counts elements along the innermost
// dimension. What lies outside of the tensor becomes 0; the barrier counts the bytes of the whole box.
__device__ __forceinline__ void tensor_load_4d(void* target, const CUtensorMap* map, int32_t x, int32_t y, int32_t z,
                                               int32_t w, uint64_t* barrier) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5, %6}], "
      "[%2];\n" ::"r"(shared_address(target)),
      "l"(reinterpret_cast<uint64_t>(map)), "r"(shared_address(barrier)), "r"(x), "r"(y), "r"(z), "r"(w)
      : "memory");
}

// The same with .multicast::cluster: to the same place of each block of the cluster whose bit in `blocks` is set, whose
// barrier there counts the bytes.
__device__ __forceinline__ void tensor_load_4d_multicast(void* target, const CUtensorMap* map, int32_t x, int32_t y,
                                                         int32_t z, int32_t w, uint64_t* barrier, uint16_t blocks) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster [%0], "
      "[%1, {%3, %4, %5, %6}], [%2], %7;\n" ::"r"(shared_address(target)),
      "l"(reinterpret_cast<uint64_t>(map)), "r"(shared_address(barrier)), "r"(x), "r"(y), "r"(z), "r"(w), "h"(blocks)
      : "memory");
}

// cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [target], [map, {channel, column,
// row, sample}], [barrier], {tap_w, tap_h}: of a tensor channels x width x height x samples, the channels from
// `channel` of the map's number of pixels. The pixels follow each other from (column, row, sample) in the map's steps,
// within its corners; each is read tap_w to the right and tap_h down. What lies outside of the tensor becomes 0.
__device__ __forceinline__ void tensor_load_im2col(void* target, const CUtensorMap* map, int32_t channel,
                                                   int32_t column, int32_t row, int32_t sample, uint16_t tap_w,
                                                   uint16_t tap_h, uint64_t* barrier) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%0], "
      "[%1, {%3, %4, %5, %6}], [%2], {%7, %8};\n" ::"r"(shared_address(target)),
      "l"(reinterpret_cast<uint64_t>(map)), "r"(shared_address(barrier)), "r"(channel), "r"(column), "r"(row),
      "r"(sample), "h"(tap_w), "h"(tap_h)
      : "memory");
}

// The same with .multicast::cluster, as above.
__device__ __forceinline__ void tensor_load_im2col_multicast(void* target, const CUtensorMap* map, int32_t channel,
                                                             int32_t column, int32_t row, int32_t sample,
                                                             uint16_t tap_w, uint16_t tap_h, uint64_t* barrier,
                                                             uint16_t blocks) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes.multicast::cluster [%0], "
      "[%1, {%3, %4, %5, %6}], [%2], {%7, %8}, %9;\n" ::"r"(shared_address(target)),
      "l"(reinterpret_cast<uint64_t>(map)), "r"(shared_address(barrier)), "r"(channel), "r"(column), "r"(row),
      "r"(sample), "h"(tap_w), "h"(tap_h), "h"(blocks)
      : "memory");
}

// cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group [map, {x, y, z, w}], [source]: the other way, by one thread,
// after the fence_proxy_async() of those that wrote. What lies outside of the tensor is not stored.
__device__ __forceinline__ void tensor_store_4d(const CUtensorMap* map, int32_t x, int32_t y, int32_t z, int32_t w,
                                                const void* source) {
  asm volatile(
      "cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group [%0, {%2, %3, %4, %5}], [%1];\n" ::"l"(
          reinterpret_cast<uint64_t>(map)),
      "r"(shared_address(source)), "r"(x), "r"(y), "r"(z), "r"(w)
      : "memory");
}

// cp.async.bulk.commit_group: this thread's stores since the last one become a group.
__device__ __forceinline__ void bulk_commit() { asm volatile("cp.async.bulk.commit_group;\n" ::: "memory"); }

// cp.async.bulk.wait_group.read N: waits until all but at most the N latest groups of this thread have read their
// sources. What they write is there when the grid has ended.
template <int N>
__device__ __forceinline__ void bulk_wait_read() {
  static_assert(N >= 0, "a number of groups");
  asm volatile("cp.async.bulk.wait_group.read %0;\n" ::"n"(N) : "memory");
}

// ---- matrices of a warp

// stmatrix.sync.aligned.m8n8.x4.trans.shared.b16: four matrices of 8 x 8 elements of 16 bits to shared memory. Lane
// 8 i + r gives the place of row r of matrix i, 16 bytes on 16; with g = lane / 4 and t = lane % 4, d[i] holds its
// elements [2 t][g], in the lower half, and [2 t + 1][g].
__device__ __forceinline__ void stmatrix_x4_trans(void* row, const uint32_t (&d)[4]) {
  asm volatile("stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};\n" ::"r"(shared_address(row)),
               "r"(d[0]), "r"(d[1]), "r"(d[2]), "r"(d[3])
               : "memory");
}

// ---- registers change hands between the warpgroups of a block

// setmaxnreg.inc.sync.aligned.u32, setmaxnreg.dec.sync.aligned.u32: by all warps of a warpgroup.
template <int kRegisters>
__device__ __forceinline__ void setmaxnreg_inc() {
  static_assert(kRegisters % 8 == 0 && kRegisters >= 24 && kRegisters <= 256, "24 to 256 in steps of 8");
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;\n" ::"n"(kRegisters));
}
template <int kRegisters>
__device__ __forceinline__ void setmaxnreg_dec() {
  static_assert(kRegisters % 8 == 0 && kRegisters >= 24 && kRegisters <= 256, "24 to 256 in steps of 8");
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;\n" ::"n"(kRegisters));
}

// ---- asynchronous products of one warpgroup: D (64 x N) = A (64 x K) * B (K x N) + D, without the last if !accumulate
// A and B lie in shared memory, K-major, and are given by matrix descriptors; K is 32 bytes. (kRowsOfA: A lies along m,
// kRowsOfB: B along n, M- and N-major, which BF16 may.) With w = warp % 4, g = lane / 4 and t = lane % 4, accumulators d[4 i]
// .. d[4 i + 3] are
//   D[16 w + g][8 i + 2 t], the next column, D[16 w + g + 8][8 i + 2 t], the next column.
// Accumulators and operands are not touched between the product and a wgmma_wait() that covers it.

// wgmma.fence.sync.aligned: after other accesses to the accumulators, before the first product.
__device__ __forceinline__ void wgmma_fence() { asm volatile("wgmma.fence.sync.aligned;\n" ::: "memory"); }

// wgmma.commit_group.sync.aligned: the products since the last one become a group.
__device__ __forceinline__ void wgmma_commit() { asm volatile("wgmma.commit_group.sync.aligned;\n" ::: "memory"); }

// wgmma.wait_group.sync.aligned N: waits until at most the N latest groups are under way.
template <int N>
__device__ __forceinline__ void wgmma_wait() {
  static_assert(N >= 0 && N <= 7, "a number of groups");
  asm volatile("wgmma.wait_group.sync.aligned %0;\n" ::"n"(N) : "memory");
}

// No instruction: the compiler, which does not know that a wait changes the accumulators, reads them only after this.
template <int kCount>
__device__ __forceinline__ void wgmma_results(float (&d)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) asm volatile("" : "+f"(d[i])::"memory");
}

#define AZJ_D8(i)                                                                                              \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), \
      "+f"(d[i + 7])
#define AZJ_D64 AZJ_D8(0), AZJ_D8(8), AZJ_D8(16), AZJ_D8(24), AZJ_D8(32), AZJ_D8(40), AZJ_D8(48), AZJ_D8(56)
#define AZJ_D96 AZJ_D64, AZJ_D8(64), AZJ_D8(72), AZJ_D8(80), AZJ_D8(88)
#define AZJ_D128                                                                                          \
  AZJ_D64, AZJ_D8(64), AZJ_D8(72), AZJ_D8(80), AZJ_D8(88), AZJ_D8(96), AZJ_D8(104), AZJ_D8(112), AZJ_D8(120)
#define AZJ_NAMES_64 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, " \
  "%23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, "  \
  "%44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}"       
#define AZJ_NAMES_96 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, " \
  "%22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, " \
  "%43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, " \
  "%64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, " \
  "%85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95}"
#define AZJ_NAMES_128 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, "   \
  "%23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, "    \
  "%44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, "    \
  "%65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, "    \
  "%86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, "   \
  "%106, %107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, " \
  "%124, %125, %126, %127}"                                                                                     

// wgmma.mma_async.sync.aligned.<shape>.f32.<type>.<type>; a and b follow the accumulators, then whether to accumulate,
// then constants.
#define AZJ_WGMMA(name, count, shape, types, a_name, b_name, accumulate_name, tail, ...)                           \
  __device__ __forceinline__ void name(float (&d)[count], uint64_t a, uint64_t b, bool accumulate) {               \
    asm volatile(                                                                                                  \
        "{\n"                                                                                                      \
        ".reg .pred p;\n"                                                                                          \
        "setp.ne.b32 p, " accumulate_name ", 0;\n"                                                                 \
        "wgmma.mma_async.sync.aligned." shape "." types " " AZJ_NAMES_##count ", " a_name ", " b_name ", p, " tail \
        ";\n"                                                                                                      \
        "}\n"                                                                                                      \
        : AZJ_D##count                                                                                             \
        : "l"(a), "l"(b), "r"(static_cast<int>(accumulate)), __VA_ARGS__);                                         \
  }

// The tail: signs of A and B, and for BF16 whether they are transposed (TF32 cannot be).
AZJ_WGMMA(wgmma_tf32, 64, "m64n128k8", "f32.tf32.tf32", "%64", "%65", "%66", "%67, %67", "n"(1))
AZJ_WGMMA(wgmma_tf32, 128, "m64n256k8", "f32.tf32.tf32", "%128", "%129", "%130", "%131, %131", "n"(1))
template <bool kRowsOfA, bool kRowsOfB>
AZJ_WGMMA(wgmma_bf16, 64, "m64n128k16", "f32.bf16.bf16", "%64", "%65", "%66", "1, 1, %67, %68", "n"(int{kRowsOfA}),
          "n"(int{kRowsOfB}))
template <bool kRowsOfA, bool kRowsOfB>
AZJ_WGMMA(wgmma_bf16, 96, "m64n192k16", "f32.bf16.bf16", "%96", "%97", "%98", "1, 1, %99, %100", "n"(int{kRowsOfA}),
          "n"(int{kRowsOfB}))
template <bool kRowsOfA, bool kRowsOfB>
AZJ_WGMMA(wgmma_bf16, 128, "m64n256k16", "f32.bf16.bf16", "%128", "%129", "%130", "1, 1, %131, %132",
          "n"(int{kRowsOfA}), "n"(int{kRowsOfB}))

#undef AZJ_WGMMA
#undef AZJ_NAMES_128
#undef AZJ_NAMES_96
#undef AZJ_NAMES_64
#undef AZJ_D128
#undef AZJ_D96
#undef AZJ_D64
#undef AZJ_D8

}  // namespace azj::cuda

#endif  // AZJ_CUDA_PTX_HOPPER_CUH

// A block's work in a product on Hopper's tensor cores (compute capability 9.0): one warpgroup, the producer, lets the
// bulk copy engine fill a ring of stages in shared memory; two others, the consumers, multiply what has arrived.
//
//   tile of C: 128 x 256 or 128 x 128, of which each consumer has 64 rows; or 64 x 256 or 64 x 192, which the consumers
//     take in turns, so that one stores its sums while the other multiplies
//   stage: 128 bytes of k (32 TF32 or 64 BF16) of the tile's rows of A and columns of B, in one chunk of 128 bytes, or
//     in two of 64 that lie behind each other, swizzled as the copy engine writes and wgmma reads them; 4 products of
//     32 bytes of k. Of an operand that lies across k (kRowsOfA, kRowsOfB: along m or n) 64 lines of 128 bytes, one for
//     each BF16 of k, with 64 rows of A or columns of B, for each 64 of the tile; 4 products of 16 lines
//   ring: for each stage an mbarrier `full`, which the copies complete, and one `empty`, where each of the 8 (in turns
//     4) warps that consume it arrives when its products no longer read the stage
//   cluster: kCluster blocks, which bring each other parts of a stage by multicast; `empty` waits for the warps of all
//   turns: for each consumer an mbarrier where the other one's warps arrive when its last products are on their way.
//     Before that a consumer must not look at `full`: it could not tell a phase from the one after the next
//
// The registers of the producer, which needs few, go to the consumers; together they are 64512 of the 65536 of a
// multiprocessor.
#pragma once

#include "launch.cuh"
#include "ptx_hopper.cuh"
#include "tensor_map.hpp"
#include "tile_mma.cuh"

namespace azj::cuda {

template <TensorType kType_, int kBlockM_, int kBlockN_, int kChunkBytes_ = 128, bool kRowsOfA_ = false,
          bool kRowsOfB_ = kRowsOfA_, int kCluster_ = 1>
struct HopperTile {
  static_assert(!(kRowsOfA_ || kRowsOfB_) || kType_ == TensorType::BF16, "TF32 lies along k");
  static constexpr bool kRowsOfA = kRowsOfA_, kRowsOfB = kRowsOfB_;
  static_assert(kBlockM_ == 128 || kBlockM_ == 64, "a consumer has 64 rows");
  static_assert(kChunkBytes_ == 128 || kChunkBytes_ == 64 || (kChunkBytes_ == 32 && kRowsOfA_ && kRowsOfB_),
                "what one copy brings of a row");
  static constexpr TensorType kType = kType_;
  static constexpr int kBlockM = kBlockM_, kBlockN = kBlockN_;
  static constexpr int kConsumers = 2;  // warpgroups
  static constexpr int kThreads = (1 + kConsumers) * 128;
  static constexpr int kCluster = kCluster_;  // blocks
  // Of a thread. Copies to a cluster take more than 24.
  static constexpr int kProducerRegisters = kCluster == 1 ? 24 : 40, kConsumerRegisters = kCluster == 1 ? 240 : 232;
  static constexpr int kRowBytes = 128, kChunkBytes = kChunkBytes_;  // of a stage along k, and of a copy
  // An operand's lines in a stage: chunks of its rows or, across k, pieces of 64 rows of A, and of B as long as a chunk.
  static constexpr int kLineOfA = kRowsOfA_ ? kRowBytes : kChunkBytes, kLineOfB = kChunkBytes;
  static constexpr int kChunks = kRowBytes / kChunkBytes;
  static constexpr int kDepth = kRowBytes / (kType == TensorType::TF32 ? 4 : 2), kChunkDepth = kDepth / kChunks;
  static constexpr int kABytes = kBlockM * kRowBytes, kStageBytes = kABytes + kBlockN * kRowBytes;
  static constexpr int kStages = kBlockM + kBlockN == 256 ? 6 : kBlockM == 128 ? 4 : 5;
  static constexpr int kSums = kBlockN / 2;  // of a thread
  static constexpr bool kTurns = kBlockM == 64;
  static constexpr int kArrivals = kTurns ? 4 : 4 * kConsumers;  // of warps that have consumed a stage

  // Where in the tile a consumer's rows begin, and the 16 of warp 0 .. 7.
  __device__ static constexpr int consumer_row(int consumer) { return kTurns ? 0 : consumer * 64; }
  __device__ static constexpr int warp_row(int warp) { return consumer_row(warp / 4) + warp % 4 * 16; }

  // The way of finished sums to C, see hopper_store.cuh: for each consuming warp 16 rows of 32.
  static constexpr int kStoreColumns = 32, kStorePitch = kStoreColumns + 8;
  static constexpr int kStoreFloats = 16 * kStorePitch;

  // The swizzle's pattern repeats every 1024 bytes, and dynamic shared memory begins on 128.
  static constexpr size_t kAlignment = 1024;
  static constexpr size_t kSharedBytes =
      kAlignment + kStages * kStageBytes + sizeof(float) * kConsumers * 4 * kStoreFloats;
};

// Where a warpgroup is in the ring. The parity of the phases changes with every round.
template <int kStages>
struct RingPosition {
  int stage = 0;
  uint32_t parity = 0;
  __device__ void next() {
    if (++stage == kStages) {
      stage = 0;
      parity ^= 1;
    }
  }
  __device__ void skip(int steps) {
    stage += steps;
    parity ^= stage / kStages & 1;
    stage %= kStages;
  }
};

// The operand of wgmma that begins at a shared address: lines of so many bytes in groups of 8, swizzled over as many;
// kRows, across k, also the distance of the next piece of a line's rows. PTX ISA, "Matrix Descriptor Format".
template <class Tile, bool kRows, int kLine>
__device__ inline uint64_t matrix_descriptor(uint32_t address) {
  constexpr uint64_t kSwizzle = uint64_t{kLine == 128 ? 1 : kLine == 64 ? 2 : 3} << 62;
  constexpr uint64_t kGroup = uint64_t{8 * kLine >> 4} << 32;
  constexpr uint64_t kLeading = uint64_t{kRows ? Tile::kDepth * kLine >> 4 : 1} << 16;
  return kSwizzle | kGroup | kLeading | (address & 0x3ffff) >> 4;
}

__device__ inline void wait_for_phase(uint64_t* barrier, uint32_t parity) {
  while (!mbarrier_try_wait(barrier, parity)) {
  }
}

template <class Tile>
struct RingBarriers {
  uint64_t full[Tile::kStages], empty[Tile::kStages];
  uint64_t turns[Tile::kConsumers];
};

// The ring of a block: stages in dynamic shared memory, mbarriers in the kernel's static memory.
template <class Tile>
struct Ring {
  unsigned char* stages;  // on 1024 bytes; behind them is what the consumers store through
  uint64_t* full;
  uint64_t* empty;
  uint64_t* turns;

  // Every thread of the block makes one. Afterwards the kernels before have ended, and the next one may make its own.
  __device__ explicit Ring(RingBarriers<Tile>& barriers)
      : full(barriers.full), empty(barriers.empty), turns(barriers.turns) {
    const uint32_t unaligned = shared_address(dynamic_shared<unsigned char>()) % Tile::kAlignment;
    stages = dynamic_shared<unsigned char>() + (Tile::kAlignment - unaligned) % Tile::kAlignment;
    if (threadIdx.x == 0) {
      for (int stage = 0; stage < Tile::kStages; ++stage) {
        mbarrier_init(&full[stage], 1);
        mbarrier_init(&empty[stage], Tile::kArrivals * Tile::kCluster);
      }
      for (int consumer = 0; consumer < Tile::kConsumers; ++consumer) mbarrier_init(&turns[consumer], 4);
      if constexpr (Tile::kCluster == 1) {
        fence_proxy_async();
      } else {
        fence_mbarrier_init();
      }
    }
    if constexpr (Tile::kCluster == 1) {
      __syncthreads();
    } else {
      cluster_barrier();
    }
    begin_next_grid();
    wait_for_grid_before();
  }

  // Of warp 0 .. 7 of the consumers.
  __device__ float* staging(int warp) const {
    return reinterpret_cast<float*>(stages + Tile::kStages * Tile::kStageBytes) + warp * Tile::kStoreFloats;
  }
};

// The producer, one thread: the stages of one tile of C. copy(step, a, b, full) starts the copies of A's and B's part.
template <class Tile, class Copy>
__device__ inline void load_stages(RingPosition<Tile::kStages>& at, const Ring<Tile>& ring, int steps, Copy&& copy) {
  for (int step = 0; step < steps; ++step, at.next()) {
    wait_for_phase(&ring.empty[at.stage], at.parity ^ 1);  // the first round finds the phase before the first ended
    unsigned char* const stage = ring.stages + at.stage * Tile::kStageBytes;
    mbarrier_arrive_expect_tx(&ring.full[at.stage], Tile::kStageBytes);
    copy(step, stage, stage + Tile::kABytes, &ring.full[at.stage]);
  }
}

// A box that one copy brings: to this block or, kShared, to the same place in every block of its cluster.
template <class Tile, bool kShared>
__device__ inline void load_box(unsigned char* to, const CUtensorMap& map, int x, int y, int z, int w,
                                uint64_t* barrier) {
  if constexpr (kShared) {
    constexpr uint16_t kBlocks = (1 << Tile::kCluster) - 1;
    tensor_load_4d_multicast(to, &map, x, y, z, w, barrier, kBlocks);
  } else {
    tensor_load_4d(to, &map, x, y, z, w, barrier);
  }
}

// The same of pixels, in im2col mode.
template <class Tile, bool kShared>
__device__ inline void load_pixels(unsigned char* to, const CUtensorMap& map, int channel, int w, int h, int sample,
                                   uint16_t tap_w, uint16_t tap_h, uint64_t* barrier) {
  if constexpr (kShared) {
    constexpr uint16_t kBlocks = (1 << Tile::kCluster) - 1;
    tensor_load_im2col_multicast(to, &map, channel, w, h, sample, tap_w, tap_h, barrier, kBlocks);
  } else {
    tensor_load_im2col(to, &map, channel, w, h, sample, tap_w, tap_h, barrier);
  }
}

// At the end of a kernel: a block is there until the others of its cluster no longer reach it.
template <class Tile>
__device__ inline void leave_cluster() {
  if constexpr (Tile::kCluster > 1) cluster_barrier();
}

// Where part 0 .. 3 of a stage's k begins, in bytes from the beginning of an operand of `rows` rows.
template <class Tile, bool kRows, int kLine>
__device__ constexpr int part_offset(int part, int rows) {
  if (kRows) return part * (Tile::kDepth / 4) * kLine;
  return 32 * part / kLine * rows * kLine + 32 * part % kLine;
}

// A consumer's products of the stage at a shared address.
template <class Tile>
__device__ __forceinline__ void multiply_stage(float (&sums)[Tile::kSums], uint32_t stage, int consumer,
                                               bool accumulate) {
  constexpr bool kRowsOfA = Tile::kRowsOfA, kRowsOfB = Tile::kRowsOfB;
  constexpr int kLineOfA = Tile::kLineOfA, kLineOfB = Tile::kLineOfB;
  // 64 lines lie as far from the next 64, along k or across.
  const uint64_t a = matrix_descriptor<Tile, kRowsOfA, kLineOfA>(stage + Tile::consumer_row(consumer) * kLineOfA);
  const uint64_t b = matrix_descriptor<Tile, kRowsOfB, kLineOfB>(stage + Tile::kABytes);
#pragma unroll
  for (int part = 0; part < 4; ++part) {  // 32 bytes of k each; a descriptor counts by 16
    const bool add = accumulate || part > 0;
    const uint64_t a_part = a + part_offset<Tile, kRowsOfA, kLineOfA>(part, Tile::kBlockM) / 16;
    const uint64_t b_part = b + part_offset<Tile, kRowsOfB, kLineOfB>(part, Tile::kBlockN) / 16;
    if constexpr (Tile::kType == TensorType::TF32) {
      wgmma_tf32(sums, a_part, b_part, add);
    } else {
      wgmma_bf16<Tile::kRowsOfA, Tile::kRowsOfB>(sums, a_part, b_part, add);
    }
  }
}

// A warp's products no longer read the stage.
template <class Tile>
__device__ __forceinline__ void release_stage(const Ring<Tile>& ring, int stage) {
  const int lane = threadIdx.x % 32;
  if constexpr (Tile::kCluster == 1) {
    if (lane == 0) mbarrier_arrive(&ring.empty[stage]);
  } else {
    if (lane < Tile::kCluster) mbarrier_arrive_remote(&ring.empty[stage], lane);
  }
}

// A consumer: its rows of one tile of C.
template <class Tile>
__device__ __forceinline__ void multiply_stages(float (&sums)[Tile::kSums], RingPosition<Tile::kStages>& at,
                                                const Ring<Tile>& ring, int consumer, int steps) {
  int before = -1;  // the stage that the products under way read
  for (int step = 0; step < steps; ++step, at.next()) {
    wait_for_phase(&ring.full[at.stage], at.parity);
    wgmma_fence();
    multiply_stage<Tile>(sums, shared_address(ring.stages) + at.stage * Tile::kStageBytes, consumer, step > 0);
    wgmma_commit();
    wgmma_wait<1>();
    if (before >= 0) release_stage(ring, before);
    before = at.stage;
  }
  if (Tile::kTurns && threadIdx.x % 32 == 0) mbarrier_arrive(&ring.turns[1 - consumer]);
  wgmma_wait<0>();
  wgmma_results(sums);
  release_stage(ring, before);
}

}  // namespace azj::cuda

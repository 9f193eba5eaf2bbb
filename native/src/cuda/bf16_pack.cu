// Between float32 with channels first and BF16 with channels last.
//
//   x [rows][channels][positions], packed [rows * positions][pitch]: a line of packed is what a position's channels are
//
// A block takes a tile of lines and channels through shared memory, as words of two channels. On the side of x a warp
// takes neighbouring lines, which are neighbours in memory as far as a row goes; on that of packed a thread takes 16
// bytes, and its neighbours the next of the same line. Neither side of the tile has bank conflicts: its rows are a word
// longer than a multiple of four. At most 8 channels, as images have that come into a network, are one granule a line:
// there the tile is higher. With one position there is nothing to turn, and a thread takes a granule.
//
// Bound by memory: 4 bytes of x and 2 of packed for each element.
#include "bf16.cuh"
#include "elements.cuh"
#include "grid.hpp"

namespace azj::cuda {

namespace {

constexpr int kThreads = 256;

struct Packing {
  int64_t channels, positions, lines, pitch;
  int64_t tiles, tiles_of_line;
};

template <int kTileLines, int kTilePairs>
struct Tile {
  static constexpr int kLines = kTileLines, kPairs = kTilePairs;
  static constexpr int kGranules = kPairs / 4;  // of a line
  static constexpr int kLinesAtOnce = kLines < kThreads ? kLines : kThreads;
  static constexpr int kPairStep = kThreads / kLinesAtOnce;

  uint32_t word[kLines][kPairs + 1];
};
using WideTile = Tile<64, 32>;
using NarrowTile = Tile<512, 4>;

// Where x has the first channel of a line.
__device__ __forceinline__ int64_t first_channel(const Packing& p, int64_t line) {
  const int64_t row = line / p.positions;
  return row * p.channels * p.positions + (line - row * p.positions);
}

// Calls body(line of the tile, pair of channels of the tile, index of the pair's first channel in x, channels inside).
template <class T, class Body>
__device__ __forceinline__ void for_pairs(const Packing& p, int64_t line, int64_t channel, Body body) {
  for (int l = threadIdx.x % T::kLinesAtOnce; l < T::kLines && line + l < p.lines; l += T::kLinesAtOnce) {
    const int64_t from = first_channel(p, line + l);
#pragma unroll
    for (int i = 0; i < T::kPairs / T::kPairStep; ++i) {
      const int pair = threadIdx.x / T::kLinesAtOnce + i * T::kPairStep;
      const int64_t c = channel + 2 * pair;
      body(l, pair, from + c * p.positions, p.channels - c);
    }
  }
}

// Calls body(words of the tile, granule of packed).
template <class T, class Words, class Body>
__device__ __forceinline__ void for_granules(const Packing& p, Words& tile, int64_t line, int64_t channel, Body body) {
  for (int i = threadIdx.x; i < T::kLines * T::kGranules; i += kThreads) {
    const int l = i / T::kGranules, g = i % T::kGranules;
    const int64_t c = channel + kBf16Granule * g;
    if (line + l < p.lines && c < p.pitch) body(&tile.word[l][4 * g], (line + l) * p.pitch + c);
  }
}

// Calls body(first line, first channel) for the tiles of a block.
template <class T, class Body>
__device__ __forceinline__ void for_tiles(const Packing& p, Body body) {
  for (int64_t index = blockIdx.x; index < p.tiles; index += gridDim.x) {
    const int64_t down = index / p.tiles_of_line;
    body(down * T::kLines, (index - down * p.tiles_of_line) * (2 * T::kPairs));
    __syncthreads();  // the next tile is read over this one
  }
}

template <class T>
__global__ __launch_bounds__(kThreads) void pack_kernel(Packing p, const float* x, azj_bf16* packed) {
  __shared__ T tile;
  for_tiles<T>(p, [&](int64_t line, int64_t channel) {
    for_pairs<T>(p, line, channel, [&](int l, int pair, int64_t at, int64_t inside) {
      const float low = inside > 0 ? x[at] : 0.0f, high = inside > 1 ? x[at + p.positions] : 0.0f;
      tile.word[l][pair] = cvt_bf16x2(low, high);
    });
    __syncthreads();
    for_granules<T>(p, tile, line, channel, [&](const uint32_t* words, int64_t at) {
      *reinterpret_cast<uint4*>(packed + at) = make_uint4(words[0], words[1], words[2], words[3]);
    });
  });
}

template <class T>
__global__ __launch_bounds__(kThreads) void unpack_kernel(Packing p, const azj_bf16* packed, float* x) {
  __shared__ T tile;
  for_tiles<T>(p, [&](int64_t line, int64_t channel) {
    for_granules<T>(p, tile, line, channel, [&](uint32_t* words, int64_t at) {
      const uint4 granule = *reinterpret_cast<const uint4*>(packed + at);
      words[0] = granule.x;
      words[1] = granule.y;
      words[2] = granule.z;
      words[3] = granule.w;
    });
    __syncthreads();
    for_pairs<T>(p, line, channel, [&](int l, int pair, int64_t at, int64_t inside) {
      if (inside > 0) x[at] = __uint_as_float(tile.word[l][pair] << 16);
      if (inside > 1) x[at + p.positions] = __uint_as_float(tile.word[l][pair] & 0xffff0000u);
    });
  });
}

// One position: the channels of a row lie side by side in both. kWidth: floats at a time, 4 where rows are aligned.
template <int kWidth>
__global__ __launch_bounds__(kElementThreads) void round_kernel(Packing p, int64_t granules, const float* x,
                                                                azj_bf16* packed) {
  for (int64_t i = grid_thread(); i < granules; i += grid_threads()) {
    const int64_t line = i * kBf16Granule / p.pitch, c = i * kBf16Granule - line * p.pitch;
    Bf16Granule granule{};
#pragma unroll
    for (int j = 0; j < kBf16Granule; j += kWidth) {
      if (c + j >= p.channels) continue;
      const auto pack = load<kWidth>(x + line * p.channels + c + j);
      for (int k = 0; k < kWidth; ++k) granule.v[j + k] = pack.v[k];
    }
    store_granule(packed + kBf16Granule * i, granule);
  }
}

template <int kWidth>
__global__ __launch_bounds__(kElementThreads) void widen_kernel(Packing p, int64_t granules, const azj_bf16* packed,
                                                                float* x) {
  for (int64_t i = grid_thread(); i < granules; i += grid_threads()) {
    const int64_t line = i * kBf16Granule / p.pitch, c = i * kBf16Granule - line * p.pitch;
    const Bf16Granule granule = load_granule(packed + kBf16Granule * i);
#pragma unroll
    for (int j = 0; j < kBf16Granule; j += kWidth) {
      if (c + j >= p.channels) continue;
      Pack<kWidth> pack;
      for (int k = 0; k < kWidth; ++k) pack.v[k] = granule.v[j + k];
      store(x + line * p.channels + c + j, pack);
    }
  }
}

template <class T>
Packing packing_of(int64_t rows, int64_t channels, int64_t positions) {
  Packing p{channels, positions, rows * positions, bf16_pitch(channels), 0, 0};
  p.tiles_of_line = divide_up(p.pitch, 2 * T::kPairs);
  p.tiles = divide_up(p.lines, T::kLines) * p.tiles_of_line;
  return p;
}

// The kernels of one direction.
template <class From, class To>
struct Kernels {
  void (*wide)(Packing, From, To);
  void (*narrow)(Packing, From, To);
  void (*packs)(Packing, int64_t, From, To);
  void (*singles)(Packing, int64_t, From, To);
};

template <class From, class To>
void launch_packing(cudaStream_t stream, int64_t rows, int64_t channels, int64_t positions, bool aligned,
                    const Kernels<From, To>& kernels, From from, To to) {
  if (positions == 1) {
    const Packing p = packing_of<WideTile>(rows, channels, positions);
    const int64_t granules = p.lines * (p.pitch / kBf16Granule);
    launch(aligned && channels % kPackWidth == 0 ? kernels.packs : kernels.singles, element_blocks(granules),
           kElementThreads, 0, stream, p, granules, from, to);
    return;
  }
  const bool few = channels <= kBf16Granule;
  const Packing p = few ? packing_of<NarrowTile>(rows, channels, positions)
                        : packing_of<WideTile>(rows, channels, positions);
  const auto blocks = static_cast<unsigned>(p.tiles < kElementBlocks ? p.tiles : kElementBlocks);
  launch(few ? kernels.narrow : kernels.wide, blocks, kThreads, 0, stream, p, from, to);
}

}  // namespace

void bf16_pack(cudaStream_t stream, int64_t rows, int64_t channels, int64_t positions, const float* x,
               azj_bf16* packed) {
  const Kernels<const float*, azj_bf16*> kernels{pack_kernel<WideTile>, pack_kernel<NarrowTile>,
                                                 round_kernel<kPackWidth>, round_kernel<1>};
  launch_packing(stream, rows, channels, positions, pack_aligned(x), kernels, x, packed);
}

void bf16_unpack(cudaStream_t stream, int64_t rows, int64_t channels, int64_t positions, const azj_bf16* packed,
                 float* x) {
  const Kernels<const azj_bf16*, float*> kernels{unpack_kernel<WideTile>, unpack_kernel<NarrowTile>,
                                                 widen_kernel<kPackWidth>, widen_kernel<1>};
  launch_packing(stream, rows, channels, positions, pack_aligned(x), kernels, packed, x);
}

}  // namespace azj::cuda

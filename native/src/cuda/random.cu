// Fills an array with the next numbers of a random sequence, uniform or normal (azulejo.h), from Philox4x32-10.
//
//   x [count]; a thread takes a block of the sequence, four neighbouring elements
//
// The state lies in device memory; a second launch moves it on when all threads of the first have read it.
#include "elements.cuh"
#include "kernels.hpp"
#include "philox.cuh"

namespace azj::cuda {

namespace {

constexpr int kBlockNumbers = 4;  // numbers of a Philox block
static_assert(kBlockNumbers == kPackWidth, "a block is stored as a pack");

// transform(words) gives the four numbers of a block.
template <class Transform>
__device__ __forceinline__ void for_blocks(int64_t count, bool aligned, const azj_random_state* state, float* x,
                                           Transform transform) {
  const uint64_t seed = state->seed;
  const uint64_t first_block = state->position / kBlockNumbers;
  const int skipped = static_cast<int>(state->position % kBlockNumbers);  // numbers of it that are used already
  const int64_t blocks = (count + skipped + kBlockNumbers - 1) / kBlockNumbers;
  for (int64_t b = grid_thread(); b < blocks; b += grid_threads()) {
    const Pack<kPackWidth> p = transform(philox(seed, first_block + static_cast<uint64_t>(b)));
    const int64_t to = kBlockNumbers * b - skipped;  // of word 0
    if (aligned && skipped == 0 && to + kBlockNumbers <= count) {
      store(x + to, p);
      continue;
    }
    for (int j = 0; j < kBlockNumbers; ++j) {
      if (to + j >= 0 && to + j < count) x[to + j] = p.v[j];
    }
  }
}

__global__ __launch_bounds__(kElementThreads) void uniform_kernel(int64_t count, bool aligned,
                                                                  const azj_random_state* state, float low, float high,
                                                                  float* x) {
  for_blocks(count, aligned, state, x, [=](uint4 words) {
    Pack<kPackWidth> p = {{unit_float(words.x), unit_float(words.y), unit_float(words.z), unit_float(words.w)}};
    for (float& v : p.v) v = fmaf(high - low, v, low);
    return p;
  });
}

__global__ __launch_bounds__(kElementThreads) void normal_kernel(int64_t count, bool aligned,
                                                                 const azj_random_state* state, float mean,
                                                                 float deviation, float* x) {
  for_blocks(count, aligned, state, x, [=](uint4 words) {
    const float2 a = normal_pair(words.x, words.y), b = normal_pair(words.z, words.w);
    Pack<kPackWidth> p = {{a.x, a.y, b.x, b.y}};
    for (float& v : p.v) v = fmaf(deviation, v, mean);
    return p;
  });
}

__global__ void advance_kernel(azj_random_state* state, int64_t count) {
  state->position += static_cast<uint64_t>(count);
}

void fill_random(void (*kernel)(int64_t, bool, const azj_random_state*, float, float, float*), cudaStream_t stream,
                 azj_random_state* state, int64_t count, float first, float second, float* x) {
  launch(kernel, element_blocks(count / kBlockNumbers + 2), kElementThreads, 0, stream, count, pack_aligned(x), state,
         first, second, x);
  launch(advance_kernel, 1, 1, 0, stream, state, count);
}

}  // namespace

void random_uniform(cudaStream_t stream, azj_random_state* state, int64_t count, float low, float high, float* x) {
  fill_random(uniform_kernel, stream, state, count, low, high, x);
}

void random_normal(cudaStream_t stream, azj_random_state* state, int64_t count, float mean, float deviation, float* x) {
  fill_random(normal_kernel, stream, state, count, mean, deviation, x);
}

}  // namespace azj::cuda

// A mini-batch from a data set of bytes on the device: chosen, moved, mirrored and normalised (azulejo.h).
//
//   pixels [samples][channels][height][width] bytes, labels [samples]; items [items], one for each sample of an epoch
//   x [batch][channels][height][width], y [batch]
//
// blockIdx.y runs over the planes of x, the threads of blockIdx.x over one plane; a thread takes four neighbouring
// pixels of a row where rows are multiples of that and x is aligned, else one. Writes are coalesced; the bytes read,
// shifted against them, come through the cache.
//
// next[0] lies in device memory, so that a replayed launch gathers the next batch; a second launch moves it on when all
// threads of the first have read it.
#include "divisor.hpp"
#include "elements.cuh"
#include "grid.hpp"
#include "kernels.hpp"

namespace azj::cuda {

namespace {

constexpr int kGatherThreads = 256;
constexpr int64_t kPlaneBlocks = 64;  // for one plane at most

struct Gather {
  const uint8_t* pixels;
  const int32_t* labels;
  const azj_gather_item* items;
  const int64_t* next;
  const float *mean, *scale;
  float* x;
  int32_t* y;
  int64_t batch, channels, samples, item_count;
  int height, width;
  Divisor by_width;
  int32_t border;
};

// Where the pixel at `position` comes from on an axis moved by `distance`; -1: from outside.
__device__ inline int source_position(int position, int distance, int size, int32_t border) {
  const int source = position - distance;
  if (source >= 0 && source < size) return source;
  if (border == AZJ_BORDER_ZERO) return -1;
  if (size == 1) return 0;
  const int period = 2 * (size - 1);  // mirrored at the edge, which is not repeated; far moves go back and forth
  const int phase = (source % period + period) % period;
  return phase < size ? phase : period - phase;
}

// The sample that an item names; -1 where the list or the data set has none.
__device__ inline int64_t sample_index(const Gather& g, int64_t item) {
  if (item < 0 || item >= g.item_count) return -1;
  const int64_t index = g.items[item].index;
  return index >= 0 && index < g.samples ? index : -1;
}

template <int kWidth>
__device__ inline void gather_plane(const Gather& g, const azj_gather_item& item, const uint8_t* from, float mean,
                                    float scale, float* to) {
  const int plane = g.height * g.width;
  const int first = static_cast<int>(grid_thread()), step = static_cast<int>(grid_threads());
  for (int i = kWidth * first; i < plane; i += kWidth * step) {
    const int row = g.by_width.quotient(i), column = g.by_width.remainder(i, row);
    const int from_row = source_position(row, item.down, g.height, g.border);
    Pack<kWidth> p;
    for (int j = 0; j < kWidth; ++j) {
      const int unmirrored = item.mirror != 0 ? g.width - 1 - (column + j) : column + j;
      const int from_column = source_position(unmirrored, item.right, g.width, g.border);
      const bool outside = from_row < 0 || from_column < 0;
      const float value = outside ? 0.0f : static_cast<float>(from[from_row * g.width + from_column]) / 255.0f;
      p.v[j] = (value - mean) * scale;
    }
    store(to + i, p);
  }
}

template <int kWidth>
__global__ __launch_bounds__(kGatherThreads, kResidentBlocks) void gather_kernel(Gather g) {
  const int64_t plane = int64_t{g.height} * g.width;
  for (int64_t n = blockIdx.y; n < g.batch * g.channels; n += gridDim.y) {
    const int64_t in_batch = n / g.channels, channel = n - in_batch * g.channels;
    const int64_t item = *g.next + in_batch;
    const int64_t index = sample_index(g, item);
    const bool labels = g.y != nullptr && channel == 0 && grid_thread() == 0;
    float* to = g.x + n * plane;
    if (index < 0) {
      for (int64_t i = grid_thread(); i < plane; i += grid_threads()) to[i] = NAN;
      if (labels) g.y[in_batch] = -1;
      continue;
    }
    const bool normalised = g.mean != nullptr;
    gather_plane<kWidth>(g, g.items[item], g.pixels + (index * g.channels + channel) * plane,
                         normalised ? g.mean[channel] : 0.0f, normalised ? g.scale[channel] : 1.0f, to);
    if (labels) g.y[in_batch] = g.labels[index];
  }
}

__global__ void advance_kernel(int64_t* next, int64_t batch) { *next += batch; }

}  // namespace

void gather(cudaStream_t stream, const azj_gather_desc& desc, const uint8_t* pixels, const int32_t* labels,
            const azj_gather_item* items, int64_t* next, const float* mean, const float* scale, float* x, int32_t* y) {
  Gather g;
  g.pixels = pixels;
  g.labels = labels;
  g.items = items;
  g.next = next;
  g.mean = mean;
  g.scale = scale;
  g.x = x;
  g.y = y;
  g.batch = desc.batch;
  g.channels = desc.channels;
  g.samples = desc.samples;
  g.item_count = desc.items;
  g.height = static_cast<int>(desc.height);
  g.width = static_cast<int>(desc.width);
  g.by_width = Divisor(desc.width);
  g.border = desc.border;
  const bool packs = desc.width % kPackWidth == 0 && pack_aligned(x);
  const int64_t blocks = divide_up(desc.height * desc.width, kGatherThreads * (packs ? kPackWidth : 1));
  const int64_t planes = desc.batch * desc.channels;
  const dim3 grid(static_cast<unsigned>(blocks < kPlaneBlocks ? blocks : kPlaneBlocks),
                  static_cast<unsigned>(planes < kMaxGridYZ ? planes : kMaxGridYZ));
  launch(packs ? gather_kernel<kPackWidth> : gather_kernel<1>, grid, kGatherThreads, 0, stream, g);
  launch(advance_kernel, 1, 1, 0, stream, next, desc.batch);
}

}  // namespace azj::cuda

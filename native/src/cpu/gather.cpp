// azj_gather: a mini-batch from a data set of bytes, moved, mirrored and normalised.
#include "grain.hpp"
#include "operations.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Where the pixel at `position` comes from on an axis moved by `distance`; -1: from outside.
int64_t source_position(int64_t position, int64_t distance, int64_t size, int32_t border) {
  int64_t source = position - distance;
  if (source >= 0 && source < size) return source;
  if (border == AZJ_BORDER_ZERO) return -1;
  // Mirrored at the edge, which is not repeated; far moves go back and forth.
  if (size == 1) return 0;
  const int64_t period = 2 * (size - 1);
  source %= period;
  if (source < 0) source += period;
  return source < size ? source : period - source;
}

void gather_sample(const azj_gather_desc& d, const azj_gather_item& item, const uint8_t* image, const float* mean,
                   const float* scale, float* x) {
  for (int64_t c = 0; c < d.channels; ++c) {
    const float center = mean != nullptr ? mean[c] : 0.0f;
    const float factor = scale != nullptr ? scale[c] : 1.0f;
    const uint8_t* plane = image + c * d.height * d.width;
    for (int64_t h = 0; h < d.height; ++h) {
      const int64_t row = source_position(h, item.down, d.height, d.border);
      float* out = x + (c * d.height + h) * d.width;
      for (int64_t w = 0; w < d.width; ++w) {
        const int64_t unmirrored = item.mirror != 0 ? d.width - 1 - w : w;
        const int64_t column = source_position(unmirrored, item.right, d.width, d.border);
        const float value = row < 0 || column < 0 ? 0.0f : static_cast<float>(plane[row * d.width + column]) / 255.0f;
        out[w] = (value - center) * factor;
      }
    }
  }
}

}  // namespace

void Stream::gather(const azj_gather_desc& d, const uint8_t* pixels, const int32_t* labels,
                    const azj_gather_item* items, int64_t* next, const float* mean, const float* scale, float* x,
                    int32_t* y) {
  const int64_t first = *next;
  const int64_t sample = d.channels * d.height * d.width;
  team_.parallel(d.batch, rows_per_grain(sample, kExponentialGrain), [&, first](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t at = first + i;
      const bool listed = at >= 0 && at < d.items;
      const int64_t index = listed ? items[at].index : -1;
      const bool present = index >= 0 && index < d.samples;
      if (present) {
        gather_sample(d, items[at], pixels + index * sample, mean, scale, x + i * sample);
      } else {
        for (int64_t j = 0; j < sample; ++j) x[i * sample + j] = __builtin_nanf("");
      }
      if (y != nullptr) y[i] = present ? labels[index] : -1;
    }
  });
  *next = first + d.batch;
}

}  // namespace azj::cpu::AZJ_ISA

// Mini-batches gathered from bytes.
#include "cuda_small_ops.hpp"
#include "device_array.hpp"
#include "kernels.hpp"

namespace {

// The pixel of a plane that has no end: `border` says what lies around it.
double pixel(const uint8_t* plane, int64_t height, int64_t width, int64_t row, int64_t column, int32_t border) {
  if (border == AZJ_BORDER_ZERO && (row < 0 || row >= height || column < 0 || column >= width)) return 0;
  for (; row < 0 || row >= height; row = row < 0 ? -row : 2 * (height - 1) - row) {
    if (height == 1) row = 0;
  }
  for (; column < 0 || column >= width; column = column < 0 ? -column : 2 * (width - 1) - column) {
    if (width == 1) column = 0;
  }
  return plane[row * width + column] / 255.0;
}

struct Case {
  azj_gather_desc desc;
  int64_t next;
  size_t offset;
  bool normalised, labelled;
};

void gather(cudaStream_t stream, const Case& c) {
  const azj_gather_desc& d = c.desc;
  const int64_t plane = d.height * d.width, sample = d.channels * plane;
  std::mt19937 random(static_cast<uint32_t>(d.height * 31 + d.width));
  const auto between = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  std::vector<uint8_t> pixels(static_cast<size_t>(d.samples * sample));
  for (uint8_t& p : pixels) p = static_cast<uint8_t>(random());
  std::vector<int32_t> labels(static_cast<size_t>(d.samples));
  for (int32_t& label : labels) label = static_cast<int32_t>(random() % 1000);
  std::vector<azj_gather_item> items(static_cast<size_t>(d.items));
  for (size_t i = 0; i < items.size(); ++i) {
    items[i].index = static_cast<int32_t>(between(0, d.samples - 1));
    items[i].down = static_cast<int16_t>(between(1 - d.height, d.height - 1));
    items[i].right = static_cast<int16_t>(between(1 - d.width, d.width - 1));
    items[i].mirror = static_cast<int32_t>(between(0, 1));
    if (i % 5 == 0) items[i].down = items[i].right = 0;
  }
  if (items.size() > 2) items[1].index = static_cast<int32_t>(d.samples);  // beyond the data set
  if (items.size() > 3) items[2].index = -1;
  const auto mean = random_floats(d.channels, 1, 0, 1), scale = random_floats(d.channels, 2, 1, 4);

  std::vector<double> expected(static_cast<size_t>(d.batch * sample));
  std::vector<int32_t> expected_labels(static_cast<size_t>(d.batch), -1);
  for (int64_t i = 0; i < d.batch; ++i) {
    const int64_t at = c.next + i;
    const bool listed = at >= 0 && at < d.items;
    const azj_gather_item item = listed ? items[static_cast<size_t>(at)] : azj_gather_item{-1, 0, 0, 0};
    const bool present = item.index >= 0 && item.index < d.samples;
    if (present) expected_labels[static_cast<size_t>(i)] = labels[static_cast<size_t>(item.index)];
    for (int64_t j = 0; j < sample; ++j) {
      double& to = expected[static_cast<size_t>(i * sample + j)];
      const int64_t channel = j / plane, row = j % plane / d.width, column = j % d.width;
      if (!present) {
        to = std::nan("");
        continue;
      }
      const int64_t unmirrored = item.mirror != 0 ? d.width - 1 - column : column;
      to = pixel(pixels.data() + item.index * sample + channel * plane, d.height, d.width, row - item.down,
                 unmirrored - item.right, d.border);
      const auto k = static_cast<size_t>(channel);
      if (c.normalised) to = (to - mean[k]) * scale[k];
    }
  }

  DeviceArray<uint8_t> device_pixels(pixels, 1);  // bytes have no alignment to keep
  DeviceArray<int32_t> device_labels(labels), y(static_cast<size_t>(d.batch), 0);
  DeviceArray<azj_gather_item> device_items(items);
  DeviceArray<int64_t> next(std::vector<int64_t>{c.next});
  DeviceArray<float> device_mean(mean), device_scale(scale), x(expected.size(), c.offset);
  azj::cuda::gather(stream, d, device_pixels.data(), c.labelled ? device_labels.data() : nullptr, device_items.data(),
                    next.data(), c.normalised ? device_mean.data() : nullptr,
                    c.normalised ? device_scale.data() : nullptr, x.data(), c.labelled ? y.data() : nullptr);
  finish_stream(stream);
  NEAR(x.read(), expected, 1e-6);
  if (c.labelled) CHECK(y.read() == expected_labels);
  CHECK(next.read()[0] == c.next + d.batch);
}

}  // namespace

void test_gather(cudaStream_t stream) {
  for (const int32_t border : {AZJ_BORDER_ZERO, AZJ_BORDER_MIRROR}) {
    //             batch, channels, height, width, samples, items
    gather(stream, {{7, 1, 28, 28, 11, 20, border, 0}, 3, 0, true, true});
    gather(stream, {{7, 1, 28, 28, 11, 20, border, 0}, 0, 1, true, true});    // x is not aligned
    gather(stream, {{5, 3, 32, 32, 6, 9, border, 0}, 6, 0, true, false});     // runs over the end of the list
    gather(stream, {{4, 2, 7, 9, 5, 8, border, 0}, -2, 0, false, true});      // starts before it
    gather(stream, {{3, 1, 1, 1, 5, 8, border, 0}, 0, 0, false, true});
    gather(stream, {{3, 1, 1, 67, 5, 8, border, 0}, 0, 0, true, true});
    gather(stream, {{3, 2, 67, 1, 5, 8, border, 0}, 0, 0, true, true});
    gather(stream, {{1, 1, 270, 256, 2, 3, border, 0}, 0, 0, true, true});    // more than a plane's blocks take at once
    gather(stream, {{1, 1, 130, 131, 2, 3, border, 0}, 0, 0, true, true});
  }
  gather(stream, {{66000, 1, 1, 1, 5, 70000, AZJ_BORDER_ZERO, 0}, 0, 0, true, true});  // more planes than grid.y
  for (int64_t width = 1; width <= 17; ++width) {
    gather(stream, {{2, 1, 3, width, 4, 4, AZJ_BORDER_MIRROR, 0}, 0, 0, true, true});
  }
}

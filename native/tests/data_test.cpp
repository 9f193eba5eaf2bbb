// Mini-batches from bytes, and random numbers, on the CPU: against the plain statement of azulejo.h, Random123's known
// answers, and the moments of the distributions, with one thread and several.
#include <algorithm>
#include <limits>

#include "check.hpp"

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// The pixel of a plane without end: mirrored at its edges, step by step, or 0 around it.
double pixel(const uint8_t* plane, int64_t height, int64_t width, int64_t row, int64_t column, int32_t border) {
  const auto inside = [](int64_t at, int64_t size) { return at >= 0 && at < size; };
  if (border == AZJ_BORDER_ZERO && !(inside(row, height) && inside(column, width))) return 0;
  while (!inside(row, height)) row = height == 1 ? 0 : row < 0 ? -row : 2 * (height - 1) - row;
  while (!inside(column, width)) column = width == 1 ? 0 : column < 0 ? -column : 2 * (width - 1) - column;
  return plane[row * width + column] / 255.0;
}

struct Data {
  explicit Data(const azj_gather_desc& d)
      : pixels(static_cast<size_t>(d.samples * d.channels * d.height * d.width)),
        labels(static_cast<size_t>(d.samples)), items(static_cast<size_t>(d.items)),
        mean(random_floats(d.channels, 3, 0, 1)), scale(random_floats(d.channels, 4, 1, 4)) {
    std::mt19937 random(5);
    const auto within = [&](int64_t size) {  // -size + 1 .. size - 1
      return static_cast<int16_t>(static_cast<int64_t>(random() % static_cast<uint64_t>(2 * size - 1)) - size + 1);
    };
    for (uint8_t& p : pixels) p = static_cast<uint8_t>(random());
    for (int32_t& l : labels) l = static_cast<int32_t>(random() % 1000);
    for (azj_gather_item& item : items) {
      item.index = static_cast<int32_t>(random() % static_cast<uint32_t>(d.samples));
      item.down = within(d.height);
      item.right = within(d.width);
      item.mirror = static_cast<int32_t>(random() % 2);
    }
    items[1].index = static_cast<int32_t>(d.samples);  // beyond the data set
    items[2].index = -1;
  }

  std::vector<uint8_t> pixels;
  std::vector<int32_t> labels;
  std::vector<azj_gather_item> items;
  std::vector<float> mean, scale;
};

void gather(azj_stream* stream, const azj_gather_desc& d, int64_t first, bool normalised, bool labelled) {
  const Data data(d);
  const int64_t plane = d.height * d.width, sample = d.channels * plane;
  std::vector<double> expected;
  std::vector<int32_t> expected_labels;
  for (int64_t at = first; at < first + d.batch; ++at) {
    const azj_gather_item item =
        at >= 0 && at < d.items ? data.items[static_cast<size_t>(at)] : azj_gather_item{-1, 0, 0, 0};
    const bool present = item.index >= 0 && item.index < d.samples;
    expected_labels.push_back(present ? data.labels[static_cast<size_t>(item.index)] : -1);
    for (int64_t j = 0; j < sample; ++j) {
      const int64_t channel = j / plane, row = j % plane / d.width, column = j % d.width;
      if (!present) {
        expected.push_back(static_cast<double>(kNaN));
        continue;
      }
      const double value = pixel(data.pixels.data() + item.index * sample + channel * plane, d.height, d.width,
                                 row - item.down, (item.mirror ? d.width - 1 - column : column) - item.right, d.border);
      const auto c = static_cast<size_t>(channel);
      expected.push_back(normalised ? (value - static_cast<double>(data.mean[c])) * static_cast<double>(data.scale[c])
                                    : value);
    }
  }
  std::vector<float> x(expected.size(), 77);
  std::vector<int32_t> y(expected_labels.size(), 77);
  int64_t next = first;
  OK(azj_gather(stream, &d, data.pixels.data(), labelled ? data.labels.data() : nullptr, data.items.data(), &next,
                normalised ? data.mean.data() : nullptr, normalised ? data.scale.data() : nullptr, x.data(),
                labelled ? y.data() : nullptr));
  NEAR(x, expected, 1e-6);
  CHECK(next == first + d.batch);
  CHECK(labelled ? y == expected_labels : y == std::vector<int32_t>(y.size(), 77));
}

void batches(azj_stream* stream) {
  for (const int32_t border : {AZJ_BORDER_ZERO, AZJ_BORDER_MIRROR}) {
    gather(stream, {7, 1, 28, 28, 11, 20, border, 0}, 3, true, true);
    gather(stream, {5, 3, 6, 9, 6, 9, border, 0}, 6, true, false);    // runs over the end of the list
    gather(stream, {4, 2, 7, 9, 5, 8, border, 0}, -2, false, true);   // starts before it
    gather(stream, {8, 1, 1, 1, 5, 8, border, 0}, 0, false, true);
    gather(stream, {8, 2, 1, 67, 5, 8, border, 0}, 0, true, true);
    gather(stream, {8, 2, 67, 1, 5, 8, border, 0}, 0, false, false);
    gather(stream, {300, 1, 16, 17, 40, 300, border, 0}, 0, true, true);  // enough for every thread
  }
}

// Random123's known answer for counter 0 and key 0: word by word, and again from the middle of a block.
void known_numbers(azj_stream* stream) {
  constexpr uint32_t kBlock[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
  for (uint64_t position = 0; position < 4; ++position) {
    azj_random_state state{0, position};
    std::vector<float> x(static_cast<size_t>(4 - position));
    OK(azj_random_uniform(stream, &state, static_cast<int64_t>(x.size()), 0, 1, x.data()));
    CHECK(state.seed == 0 && state.position == 4);
    for (size_t i = 0; i < x.size(); ++i) CHECK(x[i] == static_cast<float>(kBlock[position + i] >> 8) * 0x1p-24f);
  }
  azj_random_state state{0, 0};
  std::vector<float> x(4), expected(4);
  OK(azj_random_normal(stream, &state, 4, 1, 3, x.data()));
  for (size_t i = 0; i < 4; ++i) {
    const double radius = std::sqrt(-2 * std::log(((kBlock[i / 2 * 2] >> 8) + 1) * 0x1p-24));
    const double angle = 2 * std::acos(-1.0) * (kBlock[i / 2 * 2 + 1] >> 8) * 0x1p-24;
    expected[i] = static_cast<float>(1 + 3 * radius * (i % 2 ? std::sin(angle) : std::cos(angle)));
  }
  NEAR(x, expected, 1e-6);
}

// A million numbers in pieces are those drawn at once, in their range, with the moments that they should have: each
// within five standard errors.
void distributions(azj_stream* stream) {
  constexpr int64_t kCount = 1000000;
  constexpr uint64_t kStart = (uint64_t{1} << 34) - 3;  // the counter's second word changes on the way
  for (const bool normal : {false, true}) {
    const auto draw = [&](azj_random_state* state, int64_t count, float* x) {
      OK(normal ? azj_random_normal(stream, state, count, 0, 1, x) : azj_random_uniform(stream, state, count, 0, 1, x));
    };
    std::vector<float> x(kCount), parts(kCount);
    azj_random_state once{12345, kStart}, twice{12345, kStart};
    draw(&once, kCount, x.data());
    draw(&twice, 333331, parts.data());
    draw(&twice, kCount - 333331, parts.data() + 333331);
    CHECK(x == parts && once.position == twice.position && once.position == kStart + kCount);
    double sum = 0, squares = 0;
    for (const float v : x) {
      sum += v;
      squares += static_cast<double>(v) * v;
    }
    const double mean = sum / kCount, square = squares / kCount;
    if (normal) {
      CHECK(std::fabs(mean) < 5 / std::sqrt(kCount) && std::fabs(square - 1) < 5 * std::sqrt(2.0 / kCount));
    } else {
      const auto range = std::minmax_element(x.begin(), x.end());
      CHECK(*range.first >= 0 && *range.second < 1);
      CHECK(std::fabs(mean - 0.5) < 5 * std::sqrt(1 / 12.0 / kCount));
      CHECK(std::fabs(square - 1 / 3.0) < 5 * std::sqrt(4 / 45.0 / kCount));
    }
  }
}

}  // namespace

int main() {
  for (const int32_t threads : {1, 3}) {
    const Session s(threads);
    batches(s.stream);
    known_numbers(s.stream);
    distributions(s.stream);
  }
  return finish("data");
}

// Packing and unpacking, element by element.
#include <limits>

#include "bf16.hpp"
#include "bf16_numbers.hpp"
#include "cuda_bf16_small.hpp"
#include "device_array.hpp"

namespace {

// Ties to even below and above, what rounds up to the next power of two and to infinity, and what is no number.
std::vector<float> specials() {
  const float infinity = std::numeric_limits<float>::infinity();
  return {0.0f,       -0.0f,      1 + 0x1p-8f, 1 + 0x3p-8f, 1 + 0x1p-8f + 0x1p-23f, -1 - 0x1p-8f, 0x1.ffp1f, 0x1.fep1f,
          infinity,   -infinity,  std::numeric_limits<float>::max(),  -std::numeric_limits<float>::max(),
          0x1p-130f,  -0x1p-149f, std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN()};
}

void turn(cudaStream_t stream, int64_t rows, int64_t channels, int64_t positions, size_t offset) {
  auto x = random_floats(rows * channels * positions, 1);
  const auto special = specials();
  for (size_t i = 0; i < x.size(); i += 7) x[i] = special[i / 7 % special.size()];
  const int64_t pitch = pitch_of(channels);
  std::vector<azj_bf16> expected(static_cast<size_t>(rows * positions * pitch));
  std::vector<float> back(x.size());
  for (int64_t i = 0; i < rows * channels * positions; ++i) {
    const int64_t row = i / (channels * positions), channel = i / positions % channels, position = i % positions;
    const azj_bf16 value = to_bf16(x[static_cast<size_t>(i)]);
    expected[static_cast<size_t>((row * positions + position) * pitch + channel)] = value;
    back[static_cast<size_t>(i)] = from_bf16(value);
  }
  DeviceArray<float> in(x, offset), out(x.size(), offset);
  DeviceArray<azj_bf16> packed(expected.size(), 0);
  azj::cuda::bf16_pack(stream, rows, channels, positions, in.data(), packed.data());
  azj::cuda::bf16_unpack(stream, rows, channels, positions, packed.data(), out.data());
  finish_stream(stream);
  CHECK(packed.read() == expected);
  NEAR(out.read(), back, 0);
}

}  // namespace

void test_bf16_pack(cudaStream_t stream) {
  const int64_t sizes[][3] = {{1, 1, 1},    {3, 8, 1},    {5, 12, 1},  {7, 13, 1},   {1, 1000, 1}, {2, 1, 784},
                              {3, 3, 1025}, {2, 6, 144},  {4, 8, 511}, {5, 16, 25},  {20, 10, 9},  {3, 64, 64},
                              {2, 65, 63},  {9, 127, 49}, {1, 200, 2}, {130, 1, 25}, {1, 9, 300},  {6, 130, 65}};
  for (const auto& s : sizes) {
    for (const size_t offset : {0, 1}) turn(stream, s[0], s[1], s[2], offset);
  }
}

// Random numbers: Philox4x32-10 itself against Random123's known answers, then the kernels against it.
#include "cuda_small_ops.hpp"
#include "device_array.hpp"
#include "kernels.hpp"

namespace {

struct Words {
  uint32_t word[4];
};

Words philox(Words c, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * c.word[0], b = uint64_t{0xCD9E8D57} * c.word[2];
    c = {{static_cast<uint32_t>(b >> 32) ^ c.word[1] ^ key0, static_cast<uint32_t>(b),
          static_cast<uint32_t>(a >> 32) ^ c.word[3] ^ key1, static_cast<uint32_t>(a)}};
    key0 += 0x9E3779B9;
    key1 += 0xBB67AE85;
  }
  return c;
}

bool equal(const Words& a, const Words& b) { return std::memcmp(&a, &b, sizeof a) == 0; }

void known_answers() {
  constexpr uint32_t kOnes = 0xffffffff;
  CHECK(equal(philox({{0, 0, 0, 0}}, 0, 0), {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}));
  CHECK(equal(philox({{kOnes, kOnes, kOnes, kOnes}}, kOnes, kOnes),
              {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}));
  CHECK(equal(philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0),
              {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}));
}

Words block_of(uint64_t seed, uint64_t position) {
  const uint64_t number = position / 4;
  return philox({{static_cast<uint32_t>(number), static_cast<uint32_t>(number >> 32), 0, 0}},
                static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
}

double unit(uint32_t word) { return (word >> 8) * 0x1p-24; }

double uniform(uint64_t seed, uint64_t position) { return unit(block_of(seed, position).word[position % 4]); }

double normal(uint64_t seed, uint64_t position) {
  const Words words = block_of(seed, position);
  const uint32_t* pair = words.word + position % 4 / 2 * 2;
  const double radius = std::sqrt(-2 * std::log(((pair[0] >> 8) + 1) * 0x1p-24));
  const double angle = 2 * 3.14159265358979323846 * unit(pair[1]);
  return radius * (position % 2 ? std::sin(angle) : std::cos(angle));
}

void numbers(cudaStream_t stream, uint64_t seed, uint64_t position, int64_t count, size_t offset) {
  const auto size = static_cast<size_t>(count);
  const azj_random_state start{seed, position};
  DeviceArray<azj_random_state> state(std::vector<azj_random_state>{start});
  DeviceArray<float> u(size, offset), n(size, offset);
  azj::cuda::random_uniform(stream, state.data(), count, -1, 3, u.data());
  finish_stream(stream);
  CHECK(state.read()[0].seed == seed && state.read()[0].position == position + static_cast<uint64_t>(count));
  state.write({start});
  azj::cuda::random_normal(stream, state.data(), count, 0.5f, 2, n.data());
  finish_stream(stream);
  CHECK(state.read()[0].position == position + static_cast<uint64_t>(count));
  std::vector<double> expected_u(size), expected_n(size);
  for (size_t i = 0; i < size; ++i) {
    expected_u[i] = -1 + 4 * uniform(seed, position + i);
    expected_n[i] = 0.5 + 2 * normal(seed, position + i);
  }
  NEAR(u.read(), expected_u, 1e-7);
  NEAR(n.read(), expected_n, 1e-5);
}

// Drawing twice gives what drawing once would.
void continued(cudaStream_t stream) {
  const std::vector<azj_random_state> start{{7, 0}};
  DeviceArray<azj_random_state> once(start), twice(start);
  DeviceArray<float> whole(67, 0), parts(67, 0);
  azj::cuda::random_normal(stream, once.data(), 67, 0, 1, whole.data());
  azj::cuda::random_normal(stream, twice.data(), 22, 0, 1, parts.data());
  azj::cuda::random_normal(stream, twice.data(), 45, 0, 1, parts.data() + 22);
  finish_stream(stream);
  CHECK(whole.read() == parts.read());
}

void moments(cudaStream_t stream) {
  constexpr int64_t kCount = 100000;
  DeviceArray<azj_random_state> state(std::vector<azj_random_state>{{1234, 0}});
  DeviceArray<float> u(kCount, 0), n(kCount, 0);
  azj::cuda::random_uniform(stream, state.data(), kCount, 0, 1, u.data());
  azj::cuda::random_normal(stream, state.data(), kCount, 0, 1, n.data());
  finish_stream(stream);
  const auto moment = [](const std::vector<float>& x, int power) {
    double sum = 0;
    for (const float v : x) sum += std::pow(v, power);
    return sum / static_cast<double>(x.size());
  };
  const auto uniforms = u.read(), normals = n.read();
  for (const float v : uniforms) CHECK(v >= 0 && v < 1);
  CHECK(std::fabs(moment(uniforms, 1) - 0.5) < 0.005);
  CHECK(std::fabs(moment(uniforms, 2) - 1.0 / 3) < 0.005);
  CHECK(std::fabs(moment(normals, 1)) < 0.015);
  CHECK(std::fabs(moment(normals, 2) - 1) < 0.02);
  CHECK(std::fabs(moment(normals, 4) - 3) < 0.15);
}

}  // namespace

void test_random(cudaStream_t stream) {
  known_answers();
  for (const size_t offset : {0, 1}) {
    for (int64_t count = 1; count <= 67; count += count < 10 ? 1 : 19) {
      for (const uint64_t position : {UINT64_C(0), UINT64_C(1), UINT64_C(2), UINT64_C(3), UINT64_C(123456789012345)}) {
        numbers(stream, UINT64_C(0x0123456789abcdef), position, count, offset);
      }
    }
  }
  continued(stream);
  moments(stream);
}

// azj_random_uniform and azj_random_normal: Philox4x32-10, Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
// as 1, 2, 3", SC 2011.
#include "grain.hpp"
#include "operations.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

struct Words {
  uint32_t word[4];
};

// Block `number` of the sequence of `seed`: ten rounds of two multiplications and a permutation.
Words philox(uint64_t seed, uint64_t number) {
  constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  uint32_t key0 = static_cast<uint32_t>(seed), key1 = static_cast<uint32_t>(seed >> 32);
  Words c{{static_cast<uint32_t>(number), static_cast<uint32_t>(number >> 32), 0, 0}};
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = uint64_t{kMultiplier0} * c.word[0], product1 = uint64_t{kMultiplier1} * c.word[2];
    c = Words{{static_cast<uint32_t>(product1 >> 32) ^ c.word[1] ^ key0, static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ c.word[3] ^ key1, static_cast<uint32_t>(product0)}};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return c;
}

constexpr float kUnit = 0x1p-24f;

float unit(uint32_t word) { return static_cast<float>(word >> 8) * kUnit; }

// The two normally distributed numbers of a pair of words. The radius' number is in (0, 1], so that its logarithm is finite.
float normal(uint32_t first, uint32_t second, bool odd) {
  constexpr float kTwoPi = 6.283185307179586f;
  const float radius = __builtin_sqrtf(-2.0f * __builtin_logf(static_cast<float>((first >> 8) + 1) * kUnit));
  const float angle = kTwoPi * unit(second);
  return radius * (odd ? __builtin_sinf(angle) : __builtin_cosf(angle));
}

}  // namespace

void Stream::random_uniform(azj_random_state* state, int64_t count, float low, float high, float* x) {
  const uint64_t seed = state->seed, position = state->position;
  team_.parallel(count, kExponentialGrain, [=](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const uint64_t at = position + static_cast<uint64_t>(i);
      x[i] = __builtin_fmaf(high - low, unit(philox(seed, at / 4).word[at % 4]), low);
    }
  });
  state->position = position + static_cast<uint64_t>(count);
}

void Stream::random_normal(azj_random_state* state, int64_t count, float mean, float deviation, float* x) {
  const uint64_t seed = state->seed, position = state->position;
  team_.parallel(count, kExponentialGrain, [=](int64_t begin, int64_t end, int) {
    for (int64_t i = begin; i < end; ++i) {
      const uint64_t at = position + static_cast<uint64_t>(i);
      const Words block = philox(seed, at / 4);
      const int pair = at % 4 < 2 ? 0 : 2;
      x[i] = __builtin_fmaf(deviation, normal(block.word[pair], block.word[pair + 1], at % 2 != 0), mean);
    }
  });
  state->position = position + static_cast<uint64_t>(count);
}

}  // namespace azj::cpu::AZJ_ISA

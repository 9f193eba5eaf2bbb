// azj_bf16_gemm() on the emulated device, against sums in double of the same BF16 numbers: every way that operands lie,
// every tile, slices of k, edges. A, B and C end where their last row does, so that what is beyond faults.
#include <cinttypes>

#include "bf16.hpp"
#include "cuda_gemm_conv.hpp"
#include "emulated_session.hpp"

namespace {

using azj::cuda::GemmTile;
using azj::cuda::HopperPlan;

constexpr azj_bf16 kNaN = 0x7fc0;

double value_of(azj_bf16 bits) {
  const uint32_t word = uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &word, sizeof value);
  return static_cast<double>(value);
}

// rows x columns of random BF16, `leading` apart, NaN between the rows and nothing behind the last.
std::vector<azj_bf16> random_matrix(int64_t rows, int64_t columns, int64_t leading, uint32_t seed) {
  const std::vector<float> values = rounded(random_floats(rows * leading, seed), Rounding::BF16);
  std::vector<azj_bf16> matrix(static_cast<size_t>((rows - 1) * leading + columns));
  for (size_t i = 0; i < matrix.size(); ++i) {
    uint32_t bits;
    std::memcpy(&bits, &values[i], sizeof bits);
    matrix[i] = static_cast<int64_t>(i) % leading < columns ? static_cast<azj_bf16>(bits >> 16) : kNaN;
  }
  return matrix;
}

struct Problem {
  azj_gemm_desc d{};
  std::vector<azj_bf16> a, b, before;

  // gap: beyond the rows of A, B and C, a multiple of 8.
  Problem(int64_t m, int64_t n, int64_t k, bool transpose_a, bool transpose_b, float alpha = 1, float beta = 0,
          int64_t gap = 0) {
    const int64_t a_rows = transpose_a ? k : m, a_columns = transpose_a ? m : k;
    const int64_t b_rows = transpose_b ? n : k, b_columns = transpose_b ? k : n;
    d.m = m;
    d.n = n;
    d.k = k;
    d.lda = azj::cuda::bf16_pitch(a_columns) + gap;
    d.ldb = azj::cuda::bf16_pitch(b_columns) + gap;
    d.ldc = azj::cuda::bf16_pitch(n) + gap;
    d.transpose_a = transpose_a;
    d.transpose_b = transpose_b;
    d.alpha = alpha;
    d.beta = beta;
    a = random_matrix(a_rows, a_columns, d.lda, 1);
    b = random_matrix(b_rows, b_columns, d.ldb, 2);
    before = random_matrix(m, n, d.ldc, 3);
    if (beta == 0) before.assign(before.size(), kNaN);  // is not read
  }

  std::string describe(const HopperPlan& plan) const {
    char text[200];
    std::snprintf(text, sizeof text,
                  "%" PRId64 " x %" PRId64 " x %" PRId64 " ta %d tb %d alpha %g beta %g ldc %" PRId64
                  " tile %d slices %d",
                  d.m, d.n, d.k, d.transpose_a, d.transpose_b, static_cast<double>(d.alpha),
                  static_cast<double>(d.beta), d.ldc, static_cast<int>(plan.tile), plan.slices);
    return text;
  }

  // Rounded once, from a sum in float32: half a unit in the last of 8 digits beside the sum's own error.
  void check(const std::string& what, const std::vector<azj_bf16>& actual) const {
    const double alpha = static_cast<double>(d.alpha), beta = static_cast<double>(d.beta);
    for (int64_t i = 0; i < d.m; ++i) {
      for (int64_t j = 0; j < d.ldc; ++j) {
        const size_t at = static_cast<size_t>(i * d.ldc + j);
        if (at >= actual.size()) continue;
        if (j >= d.n) {
          if (actual[at] == kNaN) continue;
          ++failures;
          std::printf("%s: row %" PRId64 ", beyond column %" PRId64 ": was written\n", what.c_str(), i, d.n);
          return;
        }
        Exact z;
        for (int64_t l = 0; l < d.k; ++l) {
          const azj_bf16 left = a[static_cast<size_t>(d.transpose_a ? l * d.lda + i : i * d.lda + l)];
          const azj_bf16 right = b[static_cast<size_t>(d.transpose_b ? j * d.ldb + l : l * d.ldb + j)];
          z.add(alpha * value_of(left) * value_of(right));
        }
        if (d.beta != 0) z.add(beta * value_of(before[at]));
        const double error = std::fabs(value_of(actual[at]) - z.sum);
        if (error <= 0x1p-8 * std::fabs(z.sum) + kRounding * z.size) continue;
        ++failures;
        std::printf("%s: element (%" PRId64 ", %" PRId64 ") is %.9g, expected %.9g\n", what.c_str(), i, j,
                    value_of(actual[at]), z.sum);
        return;
      }
    }
  }
};

// Device memory of exactly these elements.
class Exactly {
 public:
  explicit Exactly(const std::vector<azj_bf16>& values) : count_(values.size()) {
    CUDA(cudaMalloc(&data_, count_ * sizeof(azj_bf16)));
    CUDA(cudaMemcpy(data_, values.data(), count_ * sizeof(azj_bf16), cudaMemcpyHostToDevice));
  }
  ~Exactly() { CUDA(cudaFree(data_)); }
  Exactly(const Exactly&) = delete;
  Exactly& operator=(const Exactly&) = delete;

  azj_bf16* data() const { return data_; }
  std::vector<azj_bf16> read() const {
    std::vector<azj_bf16> values(count_);
    CUDA(cudaMemcpy(values.data(), data_, count_ * sizeof(azj_bf16), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  size_t count_;
  azj_bf16* data_ = nullptr;
};

std::vector<azj_bf16> compute(cudaStream_t stream, const Problem& p, const HopperPlan& plan) {
  const Exactly a(p.a), b(p.b), c(p.before);
  auto workspace = poisoned<unsigned char>(azj::cuda::bf16_gemm_workspace_bytes(p.d, plan));
  azj::cuda::bf16_gemm(stream, p.d, a.data(), b.data(), c.data(), workspace.data(), plan);
  finish_stream(stream);
  workspace.read();  // looks at what is around it
  return c.read();
}

void run(cudaStream_t stream, const Problem& p, std::initializer_list<HopperPlan> plans) {
  for (const HopperPlan& plan : plans) p.check(p.describe(plan), compute(stream, p, plan));
}

constexpr HopperPlan kSmall{GemmTile::SMALL, 1}, kMedium{GemmTile::MEDIUM, 1}, kLarge{GemmTile::LARGE, 1};
constexpr HopperPlan kSmallCut{GemmTile::SMALL, 3}, kMediumCut{GemmTile::MEDIUM, 2}, kLargeCut{GemmTile::LARGE, 5};

void test_products(cudaStream_t stream) {
  run(stream, {1, 1, 1, false, true}, {kSmall, kMedium, kLarge});
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      run(stream, {70, 130, 72, ta, tb}, {kSmall, kMedium, kLarge});
      run(stream, {129, 257, 69, ta, tb, 0.5f, -2, 8}, {kMedium, kLarge});                   // odd, and C is read
      run(stream, {61, 37, 333, ta, tb, 1, 0, 16}, {kSmall, kMediumCut, kLargeCut});         // the ring goes round
      run(stream, {66, 261, 200, ta, tb, -1, 1}, {kSmallCut, kMediumCut, kLargeCut});
    }
  }
  run(stream, {300, 530, 64, false, false}, {kSmall, kMedium, kLarge, {}});                  // several tiles
  run(stream, {257, 770, 130, true, true, 2, 0.25f}, {kSmall, kMedium, kLarge, {}});
  run(stream, {1400, 600, 16, true, false}, {kMedium, kLarge});                              // tiles in turn
}

HopperPlan alone(HopperPlan plan) {
  plan.pairs = false;
  return plan;
}

// An even number of rows of tiles: two blocks share B; one row and an even number of columns: A. The same bits as
// alone.
void test_clusters(cudaStream_t stream) {
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      for (const int64_t m : {110, 250}) {
        const Problem p(m, 300, 450, ta, tb, 1, 0.5f);  // the ring goes round
        for (const HopperPlan& plan : {kMedium, kLarge, kLargeCut}) {
          const auto c = compute(stream, p, plan);
          p.check(p.describe(plan), c);
          CHECK(c == compute(stream, p, alone(plan)));
        }
      }
    }
  }
  const Problem several(2200, 2000, 24, false, false);  // more tiles than multiprocessors, and a last group of 2 rows
  CHECK(compute(stream, several, kLarge) == compute(stream, several, alone(kLarge)));
}

// The same bits every time, cut or not, whatever the plan chooses.
void test_determinism(cudaStream_t stream) {
  const Problem p(150, 300, 700, false, false, 1, 0.5f);
  for (const HopperPlan& plan : {HopperPlan{}, kLarge, kLargeCut}) {
    CHECK(compute(stream, p, plan) == compute(stream, p, plan));
  }
}

// An infinity or a NaN reaches its own row or column, and nothing else.
void test_special_values(cudaStream_t stream) {
  Problem p(40, 50, 80, false, true);
  p.a[static_cast<size_t>(3 * p.d.lda + 79)] = kNaN;
  const auto c = compute(stream, p, {});
  for (int64_t i = 0; i < p.d.m; ++i) {
    for (int64_t j = 0; j < p.d.n; ++j) {
      CHECK(std::isnan(value_of(c[static_cast<size_t>(i * p.d.ldc + j)])) == (i == 3));
    }
  }
}

void test_api() {
  Emulated machine;
  const Problem p(100, 200, 60, true, false, 1, 1, 8);
  const azj_bf16* a = machine.upload(p.a);
  const azj_bf16* b = machine.upload(p.b);
  azj_bf16* c = machine.upload(p.before);
  OK(azj_bf16_gemm(machine.stream, &p.d, a, b, c));
  p.check("azj_bf16_gemm", machine.download(c, p.before.size()));
  azj_gemm_desc other = p.d;
  other.algorithm = AZJ_GEMM_HOPPER_TF32;
  FAILS(AZJ_UNSUPPORTED, "rung 8 has no form for matrices in BF16", azj_bf16_gemm(machine.stream, &other, a, b, c));
  FAILS(kInvalid, "a", azj_bf16_gemm(machine.stream, &p.d, p.a.data(), b, c));
  OK(azj_synchronize(machine.stream));
}

void test_another_gpu() {
  Emulated machine;
  const Problem p(8, 8, 8, false, false);
  const azj_bf16* a = machine.upload(p.a);
  FAILS(AZJ_UNSUPPORTED, "compute capability 9.0", azj_bf16_gemm(machine.stream, &p.d, a, a, machine.upload(p.before)));
}

}  // namespace

int main() {
  cudaStream_t stream = nullptr;
  CUDA(cudaStreamCreate(&stream));
  std::string reason;
  if (azj::cuda::bf16_gemm_supports(Problem(1, 1, 1, false, false).d, reason)) {
    test_products(stream);
    test_clusters(stream);
    test_determinism(stream);
    test_special_values(stream);
    test_api();
  } else {
    CHECK(reason.find("9.0") != std::string::npos);
    test_another_gpu();
  }
  CUDA(cudaStreamDestroy(stream));
  return finish("cuda_bf16_gemm");
}

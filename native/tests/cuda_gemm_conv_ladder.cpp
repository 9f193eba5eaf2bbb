// GEMM: rungs x transposes x alpha, beta x batches x epilogues, over sizes around every tile.
#include <cinttypes>

#include "cuda_gemm_conv.hpp"
#include "error.hpp"
#include "gemm.hpp"

namespace {

using azj::cuda::BiasAxis;
using azj::cuda::GemmProblem;
using azj::cuda::GemmRung;
using azj::cuda::GemmTile;

struct Case {
  int64_t m, n, k;
  bool transpose_a, transpose_b;
  float alpha, beta;
  int64_t gap;     // beyond the rows of A, B and C
  size_t offset;   // of A, B and C from an aligned address
  int64_t batch, groups;
  BiasAxis axis;
  int32_t activation;
};

std::string describe(const Case& c, int rung, int tile) {
  char text[200];
  std::snprintf(text, sizeof text,
                "rung %d tile %d: %" PRId64 " x %" PRId64 " x %" PRId64 " ta %d tb %d alpha %g beta %g gap %" PRId64
                " offset %zu batch %" PRId64 " x %" PRId64 " bias %d activation %d",
                rung, tile, c.m, c.n, c.k, c.transpose_a, c.transpose_b, static_cast<double>(c.alpha),
                static_cast<double>(c.beta), c.gap, c.offset, c.batch, c.groups, static_cast<int>(c.axis),
                c.activation);
  return text;
}

// A problem with its inputs and its results for each rounding. Groups share A, samples share the bias.
class Problem {
 public:
  explicit Problem(const Case& c) : c_(c) {
    lda_ = leading(c.transpose_a ? c.m : c.k);
    ldb_ = leading(c.transpose_b ? c.k : c.n);
    ldc_ = leading(c.n);
    a_size_ = (c.transpose_a ? c.k : c.m) * lda_;
    b_size_ = (c.transpose_b ? c.n : c.k) * ldb_;
    c_size_ = c.m * ldc_;
    a = random_floats(a_size_ * c.batch, 1);
    b = random_floats(b_size_ * c.batch * c.groups, 2);
    before = random_floats(c_size_ * c.batch * c.groups, 3);
    // Nothing between the rows, and with beta 0 nothing of C, may be read.
    poison_gaps(a, lda_, c.transpose_a ? c.m : c.k);
    poison_gaps(b, ldb_, c.transpose_b ? c.k : c.n);
    if (c.beta == 0) before.assign(before.size(), kNaN);
    bias = random_floats((c.axis == BiasAxis::ROW ? c.m : c.n) * c.groups, 4);
  }

  GemmProblem on(const float* device_a, const float* device_b, float* device_c, const float* device_bias) const {
    azj_gemm_desc desc{};
    desc.m = c_.m;
    desc.n = c_.n;
    desc.k = c_.k;
    desc.lda = lda_;
    desc.ldb = ldb_;
    desc.ldc = ldc_;
    desc.transpose_a = c_.transpose_a;
    desc.transpose_b = c_.transpose_b;
    desc.alpha = c_.alpha;
    desc.beta = c_.beta;
    GemmProblem p = azj::cuda::gemm_problem(desc, device_a, device_b, device_c);
    p.batch = c_.batch;
    p.groups = c_.groups;
    p.a.batch_stride = a_size_;
    p.b.batch_stride = b_size_;
    p.b.group_stride = b_size_ * c_.batch;
    p.c_batch_stride = c_size_;
    p.c_group_stride = c_size_ * c_.batch;
    p.epilogue.bias_axis = c_.axis;
    if (c_.axis != BiasAxis::NONE) {
      p.epilogue.bias = device_bias;
      p.epilogue.bias_group_stride = c_.axis == BiasAxis::ROW ? c_.m : c_.n;
    }
    p.epilogue.activation = c_.activation;
    p.epilogue.slope = 0.125f;
    return p;
  }

  // C with its gaps, which keep what was there.
  std::vector<Exact> expected(Rounding rounding) const {
    const auto ra = rounded(a, rounding), rb = rounded(b, rounding);
    std::vector<Exact> c(before.size());
    for (size_t i = 0; i < c.size(); ++i) c[i].sum = before[i];
    for (int64_t product = 0; product < c_.batch * c_.groups; ++product) {
      const int64_t sample = product % c_.batch, group = product / c_.batch;
      for (int64_t i = 0; i < c_.m; ++i) {
        for (int64_t j = 0; j < c_.n; ++j) {
          Exact z;
          for (int64_t l = 0; l < c_.k; ++l) {
            const float left = ra[sample * a_size_ + (c_.transpose_a ? l * lda_ + i : i * lda_ + l)];
            const float right = rb[product * b_size_ + (c_.transpose_b ? j * ldb_ + l : l * ldb_ + j)];
            z.add(static_cast<double>(c_.alpha) * left * right);
          }
          const int64_t at = product * c_size_ + i * ldc_ + j;
          if (c_.beta != 0) z.add(static_cast<double>(c_.beta) * before[at]);
          if (c_.axis == BiasAxis::ROW) z.add(bias[group * c_.m + i]);
          if (c_.axis == BiasAxis::COLUMN) z.add(bias[group * c_.n + j]);
          z.sum = activated(c_.activation, 0.125, z.sum);
          c[at] = z;
        }
      }
    }
    return c;
  }

  std::vector<float> a, b, before, bias;

 private:
  static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

  // A gap of 4 stands for rows that all start on 16 bytes, whatever their length.
  int64_t leading(int64_t row) const { return c_.gap == 4 ? (row + 4) / 4 * 4 : row + c_.gap; }

  static void poison_gaps(std::vector<float>& matrix, int64_t ld, int64_t row) {
    for (size_t i = 0; i < matrix.size(); ++i) {
      if (static_cast<int64_t>(i) % ld >= row) matrix[i] = kNaN;
    }
  }

  Case c_;
  int64_t lda_, ldb_, ldc_, a_size_, b_size_, c_size_;
};

// Gaps of a C that is not read hold NaN, which equals nothing: compare them apart.
void check_result(const std::string& what, std::vector<float> actual, std::vector<Exact> expected) {
  for (size_t i = 0; i < actual.size(); ++i) {
    if (!std::isnan(expected[i].sum)) continue;
    if (!std::isnan(actual[i])) {
      ++failures;
      std::printf("%s: element %zu, between rows of C, was written\n", what.c_str(), i);
      return;
    }
    actual[i] = 0;
    expected[i].sum = 0;
  }
  compare(what, actual, expected);
}

struct Rung {
  GemmRung rung;
  GemmTile tile;
  Rounding rounding;
};

constexpr Rung kRungs[] = {
    {GemmRung::ONE_BLOCK, GemmTile::AUTO, Rounding::NONE},
    {GemmRung::ONE_BLOCK_SHARED, GemmTile::AUTO, Rounding::NONE},
    {GemmRung::GRID, GemmTile::AUTO, Rounding::NONE},
    {GemmRung::TILED, GemmTile::AUTO, Rounding::NONE},
    {GemmRung::REGISTER, GemmTile::SMALL, Rounding::NONE},
    {GemmRung::REGISTER, GemmTile::MEDIUM, Rounding::NONE},
    {GemmRung::REGISTER, GemmTile::LARGE, Rounding::NONE},
    {GemmRung::REGISTER, GemmTile::AUTO, Rounding::NONE},
    {GemmRung::TENSOR_TF32, GemmTile::MEDIUM, Rounding::TF32},
    {GemmRung::TENSOR_TF32, GemmTile::LARGE, Rounding::TF32},
    {GemmRung::TENSOR_TF32, GemmTile::AUTO, Rounding::TF32},
    {GemmRung::TENSOR_BF16, GemmTile::MEDIUM, Rounding::BF16},
    {GemmRung::TENSOR_BF16, GemmTile::LARGE, Rounding::BF16},
    {GemmRung::TENSOR_BF16, GemmTile::AUTO, Rounding::BF16},
    {GemmRung::HOPPER_TF32, GemmTile::MEDIUM, Rounding::TF32},
    {GemmRung::HOPPER_TF32, GemmTile::LARGE, Rounding::TF32},
    {GemmRung::HOPPER_TF32, GemmTile::AUTO, Rounding::TF32},
};

void launch(cudaStream_t stream, const Rung& r, const GemmProblem& p) {
  if (r.tile == GemmTile::AUTO) return azj::cuda::gemm(stream, r.rung, p);
  if (r.rung == GemmRung::REGISTER) return azj::cuda::gemm_register(stream, p, r.tile);
  if (r.rung == GemmRung::TENSOR_TF32) return azj::cuda::gemm_tensor_tf32(stream, p, r.tile);
  if (r.rung == GemmRung::HOPPER_TF32) return azj::cuda::gemm_hopper_tf32(stream, p, r.tile);
  azj::cuda::gemm_tensor_bf16(stream, p, r.tile);
}

// On every rung that supports the problem, or on one.
void run(cudaStream_t stream, const Case& c, const GemmRung* only = nullptr) {
  const Problem problem(c);
  const std::vector<Exact> expected[] = {problem.expected(Rounding::NONE), problem.expected(Rounding::TF32),
                                         problem.expected(Rounding::BF16)};
  DeviceArray<float> a(problem.a, c.offset), b(problem.b, c.offset), bias(problem.bias);
  for (const Rung& r : kRungs) {
    DeviceArray<float> out(problem.before, c.offset);
    const GemmProblem p = problem.on(a.data(), b.data(), out.data(), bias.data());
    std::string reason;
    if (!supports(r.rung, p, reason) || (only != nullptr && r.rung != *only)) continue;
    launch(stream, r, p);
    finish_stream(stream);
    check_result(describe(c, static_cast<int>(r.rung), static_cast<int>(r.tile)), out.read(),
                 expected[static_cast<int>(r.rounding)]);
  }
}

}  // namespace

void test_gemm_ladder(cudaStream_t stream) {
  struct Size {
    int64_t m, n, k;
  };
  constexpr Size kSizes[] = {{1, 1, 1},    {5, 7, 3},    {17, 19, 23},  {32, 32, 32},   {31, 33, 65},
                             {1, 70, 40},  {70, 1, 40},  {64, 64, 48},  {65, 66, 67},   {3, 5, 1031},
                             {129, 36, 20}, {40, 132, 17}, {130, 131, 33}, {128, 128, 32}};
  constexpr int32_t kActivations[] = {AZJ_IDENTITY, AZJ_RELU, AZJ_LEAKY_RELU, AZJ_SIGMOID, AZJ_TANH};
  int number = 0;
  for (const Size& size : kSizes) {
    for (int transposes = 0; transposes < 4; ++transposes, ++number) {
      Case c{};
      c.m = size.m;
      c.n = size.n;
      c.k = size.k;
      c.transpose_a = transposes & 1;
      c.transpose_b = transposes & 2;
      // The rest takes turns, with periods that have no common divisor with the transposes'.
      c.alpha = number % 3 == 0 ? 1.0f : -0.75f;
      c.beta = number % 3 == 1 ? 1.25f : 0.0f;
      c.gap = number % 5 == 1 ? 3 : number % 5 == 3 ? 4 : 0;
      c.offset = number % 7 == 2 ? 1 : 0;
      const bool small = size.m * size.n * size.k < 100000;
      c.batch = small && number % 3 == 2 ? 3 : 1;
      c.groups = small && number % 5 == 2 ? 2 : 1;
      c.axis = static_cast<BiasAxis>(number % 3);
      c.activation = kActivations[number % 5];
      run(stream, c);
    }
  }
}

void test_gemm_limits(cudaStream_t stream) {
  // The thesis' own example: 50 x 50 = 2500 threads.
  Case c{50, 50, 10, false, false, 1, 0, 0, 0, 1, 1, BiasAxis::NONE, AZJ_IDENTITY};
  run(stream, c);  // on all rungs but two
  const Problem problem(c);
  DeviceArray<float> a(problem.a), b(problem.b), out(2500, 0);
  for (const GemmRung rung : {GemmRung::ONE_BLOCK, GemmRung::ONE_BLOCK_SHARED}) {
    try {
      gemm(stream, rung, problem.on(a.data(), b.data(), out.data(), nullptr));
      CHECK(!"a block of 2500 threads was accepted");
    } catch (const azj::Error& error) {
      CHECK(error.status() == AZJ_UNSUPPORTED);
      CHECK(std::strstr(error.what(), "1024") != nullptr);
      CHECK(std::strstr(error.what(), "2500") != nullptr);
    }
  }
  GemmProblem huge = problem.on(a.data(), b.data(), out.data(), nullptr);
  huge.k = int64_t{1} << 31;
  std::string reason;
  CHECK(!supports(GemmRung::REGISTER, huge, reason));
  CHECK(reason.find("2147483648") != std::string::npos);
  CHECK(!supports(static_cast<GemmRung>(99), problem.on(a.data(), b.data(), out.data(), nullptr), reason));

  // More products than blockIdx.z counts.
  constexpr GemmRung kOneBlock = GemmRung::ONE_BLOCK;
  run(stream, Case{1, 1, 2, false, false, 1, 0, 0, 0, 65537, 1, BiasAxis::NONE, AZJ_IDENTITY}, &kOneBlock);

  // Tensor cores came with compute capability 8.0 (the emulation's is a setting).
  for (const GemmRung rung : {GemmRung::TENSOR_TF32, GemmRung::TENSOR_BF16}) {
    const GemmProblem p = problem.on(a.data(), b.data(), out.data(), nullptr);
    CHECK(supports(rung, p, reason) == azj::cuda::has_tensor_cores(reason));
    if (supports(rung, p, reason)) continue;
    CHECK(reason.find("8.0") != std::string::npos);
    try {
      gemm(stream, rung, p);
      CHECK(!"tensor cores below 8.0");
    } catch (const azj::Error& error) {
      CHECK(error.status() == AZJ_UNSUPPORTED);
    }
  }
}

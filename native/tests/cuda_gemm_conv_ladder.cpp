// GEMM: rungs x transposes x alpha, beta x batches x epilogues, over sizes around every tile.
#include "cuda_gemm_problem.hpp"
#include "error.hpp"
#include "gemm_hopper.hpp"

namespace {

using namespace gemm_problem;
using azj::cuda::GemmRung;
using azj::cuda::GemmTile;

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
    {GemmRung::REGISTER, GemmTile::WIDE, Rounding::NONE},
    {GemmRung::REGISTER, GemmTile::AUTO, Rounding::NONE},
    {GemmRung::TENSOR_TF32, GemmTile::MEDIUM, Rounding::TF32},
    {GemmRung::TENSOR_TF32, GemmTile::LARGE, Rounding::TF32},
    {GemmRung::TENSOR_TF32, GemmTile::AUTO, Rounding::TF32},
    {GemmRung::TENSOR_BF16, GemmTile::MEDIUM, Rounding::BF16},
    {GemmRung::TENSOR_BF16, GemmTile::LARGE, Rounding::BF16},
    {GemmRung::TENSOR_BF16, GemmTile::AUTO, Rounding::BF16},
    {GemmRung::HOPPER_TF32, GemmTile::MEDIUM, Rounding::TF32_COPIED},
    {GemmRung::HOPPER_TF32, GemmTile::LARGE, Rounding::TF32_COPIED},
    {GemmRung::HOPPER_TF32, GemmTile::AUTO, Rounding::TF32_COPIED},
    {GemmRung::HOPPER_BF16, GemmTile::MEDIUM, Rounding::BF16},
    {GemmRung::HOPPER_BF16, GemmTile::LARGE, Rounding::BF16},
    {GemmRung::HOPPER_BF16, GemmTile::AUTO, Rounding::BF16},
};

void launch(cudaStream_t stream, const Rung& r, const GemmProblem& p, void* workspace) {
  if (r.tile == GemmTile::AUTO) return azj::cuda::gemm(stream, r.rung, p, workspace);
  if (r.rung == GemmRung::REGISTER) return azj::cuda::gemm_register(stream, p, r.tile);
  if (r.rung == GemmRung::TENSOR_TF32) return azj::cuda::gemm_tensor_tf32(stream, p, r.tile);
  if (r.rung == GemmRung::HOPPER_TF32) return azj::cuda::gemm_hopper_tf32(stream, p, workspace, {r.tile, 1});
  if (r.rung == GemmRung::HOPPER_BF16) return azj::cuda::gemm_hopper_bf16(stream, p, workspace, {r.tile, 1});
  azj::cuda::gemm_tensor_bf16(stream, p, r.tile);
}

// On every rung that supports the problem, or on one.
void run(cudaStream_t stream, const Case& c, const GemmRung* only = nullptr) {
  const Problem problem(c);
  const std::vector<Exact> expected[] = {problem.expected(Rounding::NONE), problem.expected(Rounding::TF32),
                                         problem.expected(Rounding::BF16), problem.expected(Rounding::TF32_COPIED)};
  DeviceArray<float> a(problem.a, c.offset), b(problem.b, c.offset), bias(problem.bias);
  for (const Rung& r : kRungs) {
    DeviceArray<float> out(problem.before, c.offset);
    const GemmProblem p = problem.on(a.data(), b.data(), out.data(), bias.data());
    std::string reason;
    if (!supports(r.rung, p, reason) || (only != nullptr && r.rung != *only)) continue;
    auto workspace = poisoned<unsigned char>(gemm_workspace_bytes(r.rung, p));
    launch(stream, r, p, workspace.data());
    finish_stream(stream);
    workspace.read();  // looks at what is around it
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
  GemmProblem many = problem.on(a.data(), b.data(), out.data(), nullptr);
  many.batch = int64_t{1} << 31;
  CHECK(!supports(GemmRung::HOPPER_TF32, many, reason));
  CHECK(reason.find("2147483648 x 1 products; GEMM rung 8") != std::string::npos);
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

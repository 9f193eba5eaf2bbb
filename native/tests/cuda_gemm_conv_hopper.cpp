// GEMM on wgmma: more tiles than multiprocessors, rings that go round, edges in every direction, and what is refused.
#include "cuda_gemm_problem.hpp"
#include "error.hpp"
#include "grid.hpp"

namespace {

using namespace gemm_problem;
using azj::cuda::GemmRung;
using azj::cuda::GemmTile;

int runs = 0;  // problems that were computed, not refused

void run(cudaStream_t stream, const Case& c) {
  const Problem problem(c);
  const std::vector<Exact> expected = problem.expected(Rounding::TF32);
  DeviceArray<float> a(problem.a, c.offset), b(problem.b, c.offset), bias(problem.bias);
  for (const GemmTile tile : {GemmTile::MEDIUM, GemmTile::LARGE}) {
    DeviceArray<float> out(problem.before, c.offset);
    const GemmProblem p = problem.on(a.data(), b.data(), out.data(), bias.data());
    std::string reason;
    CHECK(supports(GemmRung::HOPPER_TF32, p, reason));
    azj::cuda::gemm_hopper_tf32(stream, p, tile);
    finish_stream(stream);
    check_result(describe(c, 8, static_cast<int>(tile)), out.read(), expected);
    ++runs;
  }
}

// Not for this rung, for a reason that is told.
void refused(cudaStream_t stream, const Case& c, const char* why) {
  const Problem problem(c);
  DeviceArray<float> a(problem.a, c.offset), b(problem.b, c.offset), bias(problem.bias), out(problem.before, c.offset);
  const GemmProblem p = problem.on(a.data(), b.data(), out.data(), bias.data());
  try {
    gemm(stream, GemmRung::HOPPER_TF32, p);
    CHECK(!"a problem without a tensor map was accepted");
  } catch (const azj::Error& error) {
    CHECK(error.status() == AZJ_UNSUPPORTED);
    if (std::strstr(error.what(), why) != nullptr) return;
    ++failures;
    std::printf("\"%s\" does not say \"%s\"\n", error.what(), why);
  }
}

}  // namespace

void test_gemm_hopper(cudaStream_t stream) {
  std::string reason;
  if (!azj::cuda::has_hopper(reason)) {
    CHECK(reason.find("9.0") != std::string::npos);
    return;
  }
  constexpr BiasAxis kNone = BiasAxis::NONE, kRow = BiasAxis::ROW, kColumn = BiasAxis::COLUMN;
  // m, n, k, transposes, alpha, beta, gap, offset, batch, groups, bias, activation
  run(stream, {1, 1, 4, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY});
  run(stream, {128, 256, 32, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY});
  run(stream, {128, 256, 36, false, true, 0.5f, 0, 0, 0, 1, 1, kColumn, AZJ_RELU});
  run(stream, {130, 259, 280, false, true, -1, 2, 0, 0, 1, 1, kRow, AZJ_TANH});
  run(stream, {70, 20, 67, false, true, 1, 1, 4, 0, 1, 1, kColumn, AZJ_SIGMOID});       // k is no multiple of 4
  run(stream, {300, 5, 516, false, true, 1, 0, 0, 4, 1, 1, kNone, AZJ_LEAKY_RELU});      // 16 bytes off
  run(stream, {5, 600, 100, false, true, 1, 0, 0, 0, 1, 1, kRow, AZJ_IDENTITY});
  run(stream, {40, 24, 68, false, true, 1, 0.5f, 0, 0, 5, 3, kColumn, AZJ_IDENTITY});    // samples and groups
  run(stream, {200, 300, 8, false, true, 1, 0, 0, 0, 7, 1, kNone, AZJ_IDENTITY});        // more tiles than processors
  run(stream, {1, 40, 33, false, true, 1, 0, 4, 0, 1, 1, kNone, AZJ_IDENTITY});
  CHECK(runs == 20);

  refused(stream, {8, 8, 8, true, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, "A does not lie along k");
  refused(stream, {8, 8, 8, false, false, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, "B does not lie along k");
  refused(stream, {8, 8, 8, false, true, 1, 0, 0, 1, 1, 1, kNone, AZJ_IDENTITY}, "A does not begin on 16 bytes");
  refused(stream, {8, 8, 7, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, "A has a stride of 7 elements");
}

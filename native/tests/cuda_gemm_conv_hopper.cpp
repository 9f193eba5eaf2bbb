// GEMM on wgmma: more tiles than multiprocessors, rings that go round, edges in every direction, and operands that have
// to be packed.
#include "cuda_gemm_problem.hpp"

namespace {

using namespace gemm_problem;
using azj::cuda::GemmRung;
using azj::cuda::GemmTile;

// `packed`: that the copy engine cannot read A or B as they lie.
void run(cudaStream_t stream, const Case& c, bool packed) {
  const Problem problem(c);
  DeviceArray<float> a(problem.a, c.offset), b(problem.b, c.offset), bias(problem.bias);
  for (const bool bf16 : {false, true}) {
    const GemmRung rung = bf16 ? GemmRung::HOPPER_BF16 : GemmRung::HOPPER_TF32;
    const std::vector<Exact> expected = problem.expected(bf16 ? Rounding::BF16 : Rounding::TF32);
    for (const GemmTile tile : {GemmTile::MEDIUM, GemmTile::LARGE}) {
      DeviceArray<float> out(problem.before, c.offset);
      const GemmProblem p = problem.on(a.data(), b.data(), out.data(), bias.data());
      std::string reason;
      CHECK(supports(rung, p, reason));
      const uint64_t bytes = gemm_workspace_bytes(rung, p);
      CHECK((bytes > 0) == (bf16 || packed));
      auto workspace = poisoned<unsigned char>(bytes);
      (bf16 ? azj::cuda::gemm_hopper_bf16 : azj::cuda::gemm_hopper_tf32)(stream, p, workspace.data(), tile);
      finish_stream(stream);
      workspace.read();  // looks at what is around it
      check_result(describe(c, static_cast<int>(rung), static_cast<int>(tile)), out.read(), expected);
    }
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
  run(stream, {1, 1, 4, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, false);
  run(stream, {128, 256, 64, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, false);
  run(stream, {128, 256, 68, false, true, 0.5f, 0, 0, 0, 1, 1, kColumn, AZJ_RELU}, false);
  run(stream, {130, 259, 420, false, true, -1, 2, 0, 0, 1, 1, kRow, AZJ_TANH}, false);            // the ring goes round
  run(stream, {70, 20, 67, false, true, 1, 1, 4, 0, 1, 1, kColumn, AZJ_SIGMOID}, false);          // k % 4 != 0
  run(stream, {300, 5, 516, false, true, 1, 0, 0, 4, 1, 1, kNone, AZJ_LEAKY_RELU}, false);        // 16 bytes off
  run(stream, {5, 600, 100, false, true, 1, 0, 0, 0, 1, 1, kRow, AZJ_IDENTITY}, false);
  run(stream, {40, 24, 68, false, true, 1, 0.5f, 0, 0, 5, 3, kColumn, AZJ_IDENTITY}, false);      // samples and groups
  run(stream, {200, 300, 8, false, true, 1, 0, 0, 0, 7, 1, kNone, AZJ_IDENTITY}, false);          // > 8 tiles
  run(stream, {1, 40, 33, false, true, 1, 0, 4, 0, 1, 1, kNone, AZJ_IDENTITY}, false);

  run(stream, {40, 50, 72, true, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, true);             // A along m
  run(stream, {40, 50, 72, false, false, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, true);           // B along n
  run(stream, {70, 90, 130, true, false, 1, 1, 3, 1, 2, 3, kRow, AZJ_IDENTITY}, true);            // both, and unaligned
  run(stream, {64, 64, 64, false, true, 1, 0, 0, 1, 1, 1, kNone, AZJ_IDENTITY}, true);            // 4 bytes off
  run(stream, {64, 64, 63, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, true);            // rows of 252 bytes
}

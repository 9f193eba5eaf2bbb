// GEMM rungs 8 and 9 on the emulated device: every tile, cut along k or not, alone and in clusters; more tiles than
// multiprocessors, rings that go round, edges in every direction, every way to C, and operands that have to be packed.
#include "cuda_gemm_problem.hpp"
#include "gemm_hopper.hpp"

namespace {

using namespace gemm_problem;
using azj::cuda::GemmRung;
using azj::cuda::GemmTile;
using azj::cuda::HopperPlan;

constexpr BiasAxis kNone = BiasAxis::NONE, kRow = BiasAxis::ROW, kColumn = BiasAxis::COLUMN;
constexpr HopperPlan kSmall{GemmTile::SMALL, 1}, kMedium{GemmTile::MEDIUM, 1}, kLarge{GemmTile::LARGE, 1};
constexpr HopperPlan kSmallCut{GemmTile::SMALL, 3}, kMediumCut{GemmTile::MEDIUM, 2}, kLargeCut{GemmTile::LARGE, 5};

// A problem with its inputs on the device.
struct Inputs {
  Case c;
  Problem problem;
  DeviceArray<float> a, b, bias;

  explicit Inputs(const Case& c_)
      : c(c_), problem(c_), a(problem.a, c_.offset), b(problem.b, c_.offset), bias(problem.bias) {}

  GemmProblem on(float* out) { return problem.on(a.data(), b.data(), out, bias.data()); }

  std::vector<float> compute(cudaStream_t stream, bool bf16, const HopperPlan& plan) {
    DeviceArray<float> out(problem.before, c.offset);
    const GemmProblem p = on(out.data());
    auto workspace = poisoned<unsigned char>(azj::cuda::gemm_hopper_workspace_bytes(p, bf16, plan));
    (bf16 ? azj::cuda::gemm_hopper_bf16 : azj::cuda::gemm_hopper_tf32)(stream, p, workspace.data(), plan);
    finish_stream(stream);
    workspace.read();  // looks at what is around it
    return out.read();
  }
};

void run(cudaStream_t stream, const Case& c, std::initializer_list<HopperPlan> plans) {
  Inputs inputs(c);
  for (const bool bf16 : {false, true}) {
    const int rung = static_cast<int>(bf16 ? GemmRung::HOPPER_BF16 : GemmRung::HOPPER_TF32);
    const std::vector<Exact> expected = inputs.problem.expected(bf16 ? Rounding::BF16 : Rounding::TF32_COPIED);
    for (const HopperPlan& plan : plans) {
      const std::string what = describe(c, rung, static_cast<int>(plan.tile)) + " slices " +
                               std::to_string(plan.slices);
      check_result(what, inputs.compute(stream, bf16, plan), expected);
    }
  }
}

void test_products(cudaStream_t stream) {
  // m, n, k, transposes, alpha, beta, gap, offset, batch, groups, bias, activation
  run(stream, {1, 1, 4, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, {kSmall, kMedium, kLarge});
  run(stream, {128, 256, 64, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, {kMedium, kLarge, {}});
  run(stream, {70, 20, 67, false, true, 1, 1, 4, 0, 1, 1, kColumn, AZJ_SIGMOID}, {kMedium, kLarge});    // k % 4 != 0
  run(stream, {300, 5, 516, false, true, 1, 0, 0, 4, 1, 1, kNone, AZJ_LEAKY_RELU}, {kMedium, kLarge});  // 16 bytes off
  run(stream, {5, 600, 100, false, true, 1, 0, 0, 0, 1, 1, kRow, AZJ_IDENTITY}, {kSmall, kLarge});
  run(stream, {1, 40, 33, false, true, 1, 0, 4, 0, 1, 1, kNone, AZJ_IDENTITY}, {kSmall, {}});
  run(stream, {70, 3, 40, false, true, 1, 1, 4, 0, 1, 1, kNone, AZJ_RELU}, {kSmall, kLarge});  // no row has 16 bytes
  run(stream, {70, 90, 40, false, true, 1, 0, 4, 0, 2, 1, kRow, AZJ_IDENTITY}, {kSmall, kMedium});
  run(stream, {130, 259, 420, false, true, -1, 2, 0, 0, 1, 1, kRow, AZJ_TANH}, {kMedium, kLarge});  // rings go round
  run(stream, {40, 600, 700, false, true, 1, 0, 0, 0, 2, 2, kRow, AZJ_RELU}, {kSmall, kSmallCut});  // turns
  run(stream, {200, 300, 8, false, true, 1, 0, 0, 0, 7, 1, kNone, AZJ_IDENTITY}, {kMedium, kLarge});    // > 8 tiles
}

// Operands that the copy engine cannot read as they lie.
void test_packing(cudaStream_t stream) {
  run(stream, {40, 50, 72, true, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, {kSmall, kLarge});       // A along m
  run(stream, {40, 50, 72, false, false, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, {kSmall, kMedium});    // B along n
  run(stream, {70, 90, 130, true, false, 1, 1, 3, 1, 2, 3, kRow, AZJ_IDENTITY}, {kMedium, kLargeCut});  // both, off
  run(stream, {64, 64, 64, false, true, 1, 0, 0, 1, 1, 1, kNone, AZJ_IDENTITY}, {kLarge});              // 4 bytes off
  run(stream, {64, 64, 63, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY}, {kLarge});              // rows of 252
}

// Every epilogue, to a C that the copy engine stores and to one that it cannot: rows of 259 floats end in half a pair,
// and with a gap of 1 do not begin on 16 bytes.
void test_epilogues(cudaStream_t stream) {
  for (const int64_t gap : {4, 1}) {
    for (const int32_t activation : {AZJ_IDENTITY, AZJ_RELU, AZJ_LEAKY_RELU, AZJ_SIGMOID, AZJ_TANH}) {
      const BiasAxis axis = activation % 3 == 0 ? kNone : activation % 3 == 1 ? kRow : kColumn;
      run(stream, {67, 259, 40, false, true, 0.5f, 0, gap, 0, 1, 1, axis, activation}, {kMedium});
      run(stream, {67, 259, 40, false, true, -1, 2, gap, 0, 1, 1, kColumn, activation}, {kLarge});
    }
    run(stream, {60, 259, 72, false, true, 1, 0.5f, gap, 0, 1, 1, kRow, AZJ_RELU}, {kSmall, kSmallCut, kLargeCut});
    run(stream, {40, 24, 68, false, true, 1, 0.5f, gap, 0, 5, 3, kColumn, AZJ_IDENTITY}, {kSmall, kMedium, kLargeCut});
  }
}

HopperPlan alone(HopperPlan plan) {
  plan.pairs = false;
  return plan;
}

// An even number of rows of tiles: two blocks share B; one row and an even number of columns: A. The same bits as
// alone, which all others are computed with.
void test_clusters(cudaStream_t stream) {
  const auto compare_bits = [&](Inputs& inputs, bool bf16, const HopperPlan& plan) {
    const auto expected = inputs.problem.expected(bf16 ? Rounding::BF16 : Rounding::TF32_COPIED);
    const auto c = inputs.compute(stream, bf16, plan);
    check_result("clusters", c, expected);
    CHECK(c == inputs.compute(stream, bf16, alone(plan)));
  };
  for (const int64_t m : {110, 250, 300}) {
    Inputs inputs({m, 300, 450, false, true, 1, 0.5f, 4, 0, 1, 1, kColumn, AZJ_RELU});  // the ring goes round
    for (const HopperPlan& plan : {kMedium, kLarge, kMediumCut, kLargeCut}) compare_bits(inputs, false, plan);
    compare_bits(inputs, true, kLarge);
  }
  Inputs batch({140, 30, 40, true, true, 1, 0, 0, 0, 3, 2, kRow, AZJ_IDENTITY});
  for (const bool bf16 : {false, true}) compare_bits(batch, bf16, kLarge);
  Inputs several({2200, 2000, 12, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY});  // groups of tiles
  CHECK(several.compute(stream, false, kLarge) == several.compute(stream, false, alone(kLarge)));
}

// Memory beside C is asked for where an operand is packed or k is cut, and nowhere else; the same bits every time.
void test_workspace(cudaStream_t stream) {
  const Case c{150, 300, 700, false, true, 1, 0, 0, 0, 1, 1, kNone, AZJ_IDENTITY};
  Inputs inputs(c);
  const GemmProblem p = inputs.on(nullptr);
  CHECK(azj::cuda::gemm_hopper_workspace_bytes(p, false, kLarge) == 0);
  const uint64_t packed = azj::cuda::gemm_hopper_workspace_bytes(p, true, kLarge);
  CHECK(packed >= 2 * (150 + 300) * 700);
  constexpr uint64_t kParts = 5 * 2 * 2 * uint64_t{128 * 256 * 4};
  CHECK(azj::cuda::gemm_hopper_workspace_bytes(p, false, kLargeCut) == kParts);
  CHECK(azj::cuda::gemm_hopper_workspace_bytes(p, true, kLargeCut) == packed + kParts);
  CHECK(azj::cuda::gemm_workspace_bytes(GemmRung::HOPPER_TF32, p) ==
        azj::cuda::gemm_hopper_workspace_bytes(p, false));
  for (const HopperPlan& plan : {HopperPlan{}, kLargeCut}) {
    CHECK(inputs.compute(stream, false, plan) == inputs.compute(stream, false, plan));
  }
}

}  // namespace

int main() {
  cudaStream_t stream = nullptr;
  CUDA(cudaStreamCreate(&stream));
  std::string reason;
  if (azj::cuda::has_hopper(reason)) {
    test_products(stream);
    test_packing(stream);
    test_epilogues(stream);
    test_clusters(stream);
    test_workspace(stream);
  } else {
    CHECK(reason.find("9.0") != std::string::npos);
  }
  CUDA(cudaStreamDestroy(stream));
  return finish("cuda_gemm_hopper");
}

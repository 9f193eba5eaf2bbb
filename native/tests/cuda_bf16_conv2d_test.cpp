// Convolutions of BF16 tensors with channels last: every pass where tiles, slices, boxes, chunks and phases have their
// edges; outputs poisoned and guarded, their pads zero.
#include "cuda_bf16_conv2d.hpp"

namespace {

using namespace bf16_passes;

struct PassCase {
  azj_conv2d_desc d;
  HopperPlan plan;
};

constexpr GemmTile kSmallTile = GemmTile::SMALL, kMediumTile = GemmTile::MEDIUM, kLargeTile = GemmTile::LARGE;

// Batch, channels, height, width, filters, kernel, stride, padding, dilation, groups.
const PassCase kCases[] = {
    // One pixel; a plane smaller than the kernel; one that no tap meets; a pixel in a wide border.
    {conv(1, 5, 1, 1, 3, 1, 1, 1, 1, 0, 0, 1, 1, 1), {}},
    {conv(3, 2, 1, 2, 3, 3, 5, 1, 1, 1, 2, 1, 1, 1), {kSmallTile, 2}},
    {conv(2, 2, 1, 1, 3, 2, 2, 7, 7, 3, 3, 2, 2, 1), {}},
    {conv(1, 1, 1, 1, 1, 1, 1, 8, 8, 17, 9, 1, 1, 1), {kMediumTile, 1}},
    // Dense layers: images of one pixel, and a kernel that covers them.
    {conv(37, 20, 1, 1, 10, 1, 1, 1, 1, 0, 0, 1, 1, 1), {}},
    {conv(9, 6, 4, 5, 84, 4, 5, 1, 1, 0, 0, 1, 1, 1), {kLargeTile, 3}},
    // 1 x 1 with strides, and phases that no tap meets; strides that leave a rest, and beyond a padded kernel.
    {conv(2, 40, 9, 7, 70, 1, 1, 2, 3, 0, 0, 1, 1, 1), {kLargeTile, 2}},
    {conv(3, 3, 8, 11, 66, 1, 1, 2, 2, 0, 0, 1, 1, 1), {kMediumTile, 0}},
    {conv(2, 3, 10, 13, 4, 2, 3, 5, 4, 1, 2, 1, 1, 1), {kLargeTile, 0}},
    {conv(1, 9, 20, 9, 7, 1, 3, 8, 8, 0, 1, 1, 1, 1), {kSmallTile, 1}},
    // Phases of one launch that are cut into slices, into as many as 4, and not at all; of several launches.
    {conv(2, 70, 11, 10, 260, 3, 3, 2, 2, 1, 1, 1, 1, 1), {kMediumTile, 4}},
    {conv(1, 9, 14, 15, 40, 4, 5, 3, 2, 1, 2, 1, 1, 1), {kSmallTile, 3}},
    // Channels and filters around the chunks of 32 and 64 and the tiles' rows.
    {conv(2, 33, 6, 5, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1), {}},
    {conv(2, 32, 6, 5, 31, 3, 3, 1, 1, 1, 1, 1, 1, 1), {kMediumTile, 2}},
    {conv(1, 65, 7, 7, 65, 3, 1, 2, 1, 1, 0, 1, 1, 1), {kSmallTile, 2}},
    {conv(1, 16, 9, 9, 129, 2, 2, 1, 1, 0, 1, 1, 1, 1), {kMediumTile, 1}},
    {conv(2, 136, 4, 6, 8, 3, 3, 1, 1, 2, 0, 1, 1, 1), {kLargeTile, 7}},
    // Dilation, with and without a common divisor with the stride.
    {conv(1, 6, 15, 17, 9, 3, 4, 4, 6, 3, 2, 6, 4, 1), {kLargeTile, 2}},
    {conv(2, 4, 14, 12, 5, 4, 3, 3, 2, 4, 3, 2, 3, 1), {kMediumTile, 0}},
    {conv(1, 2, 30, 31, 2, 2, 2, 1, 1, 5, 0, 29, 17, 1), {}},
    {conv(1, 2, 1, 142, 3, 1, 2, 1, 8, 0, 0, 1, 128, 1), {}},  // 128 to the corner, and a rest of 5
    // First layers, and more tiles than multiprocessors: of pixels, of rows, in turns.
    {conv(2, 1, 28, 29, 6, 5, 5, 1, 1, 2, 2, 1, 1, 1), {kSmallTile, 1}},
    {conv(1, 3, 40, 41, 16, 5, 5, 2, 2, 2, 2, 1, 1, 1), {kMediumTile, 4}},
    {conv(3, 20, 26, 25, 50, 1, 1, 1, 1, 0, 0, 1, 1, 1), {kMediumTile, 1}},
    {conv(2, 12, 33, 40, 24, 2, 1, 1, 1, 0, 0, 1, 1, 1), {kSmallTile, 1}},
};

// Left to itself, a single image with deep sums is cut into slices; twice the same bits.
void check_single_image(cudaStream_t stream) {
  azj_conv2d_desc d = conv(1, 264, 5, 6, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1);
  d.activation = AZJ_SIGMOID;  // of a pad's sum, 0, it would be 1/2
  CHECK(azj::cuda::complete_plan({}, {40, 30, 1, 9 * 5, azj::cuda::TileStore::PIXELS}).slices > 1);
  Bf16Passes passes(stream, d);
  passes.check({});
  CHECK(passes.forward({}) == passes.forward({}));
  CHECK(passes.grad_input({}) == passes.grad_input({}));
  const auto first = passes.grad_weights({}), second = passes.grad_weights({});
  CHECK(std::memcmp(first.data(), second.data(), first.size() * sizeof(float)) == 0);
}

// Clusters of two, whose tiles share pixels or weights: the same bits as without.
void check_pairs(cudaStream_t stream) {
  struct PairCase {
    azj_conv2d_desc d;
    bool large, medium;  // whether the tiles of the forward pass, then of the gradient, pair up
    bool large_gradient, medium_gradient;
  };
  const PairCase cases[] = {
      // Two rows of tiles, and a ring that goes round; one row and an even number of columns.
      {conv(2, 130, 9, 8, 250, 3, 3, 1, 1, 1, 1, 1, 1, 1), true, true, true, true},
      {conv(1, 100, 20, 25, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1), true, true, true, true},
      // Of the last tile one half has no pixel; stages of two taps, in both passes; an odd number of columns.
      {conv(1, 20, 13, 20, 200, 3, 3, 1, 1, 1, 1, 1, 1, 1), true, true, true, false},
      {conv(1, 200, 13, 20, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1), true, false, true, true},
      // Three rows of tiles, which have no partners.
      {conv(1, 300, 5, 6, 257, 1, 1, 1, 1, 0, 0, 1, 1, 1), false, false, false, false},
      // Only the gradient to the weights: 512 columns.
      {conv(1, 64, 9, 10, 40, 2, 4, 1, 1, 0, 0, 1, 1, 1), false, false, false, false},
      // More tiles than multiprocessors; the phases of strides.
      {conv(2, 16, 36, 36, 160, 1, 1, 1, 1, 0, 0, 1, 1, 1), true, true, false, false},
      {conv(1, 140, 17, 20, 150, 3, 3, 2, 2, 1, 1, 1, 1, 1), true, true, true, true},
  };
  const auto pairs = [](GemmTile tile, int64_t rows, int64_t columns) {
    return azj::cuda::complete_plan({tile, 1}, {rows, columns, 1, 9, azj::cuda::TileStore::PIXELS, true}).pairs;
  };
  for (const PairCase& c : cases) {
    const Reference ref(c.d);
    const int64_t outputs = c.d.batch * ref.out_h * ref.out_w, inputs = c.d.batch * c.d.height * c.d.width;
    CHECK(pairs(kLargeTile, c.d.filters, outputs) == c.large);
    CHECK(pairs(kMediumTile, c.d.filters, outputs) == c.medium);
    if (c.d.stride_h == 1) {
      CHECK(pairs(kLargeTile, c.d.channels, inputs) == c.large_gradient);
      CHECK(pairs(kMediumTile, c.d.channels, inputs) == c.medium_gradient);
    }
    Bf16Passes passes(stream, c.d);
    for (const HopperPlan& plan : {HopperPlan{kLargeTile, 1}, HopperPlan{kMediumTile, 1}, HopperPlan{kLargeTile, 3}}) {
      const HopperPlan alone{plan.tile, plan.slices, false};
      CHECK(passes.forward(plan) == passes.forward(alone));
      CHECK(passes.grad_input(plan) == passes.grad_input(alone));
      CHECK(passes.grad_weights(plan) == passes.grad_weights(alone));
    }
    passes.check({kMediumTile, 2});
  }
}

// Gradient to the weights by tiles of 64 x 192, with boxes of 16, 32 and 64 channels: the bits of those of 64 x 256, and a
// last tile that has few columns.
void check_narrow(cudaStream_t stream) {
  for (const azj_conv2d_desc& d : {conv(3, 5, 12, 11, 6, 3, 5, 1, 1, 1, 1, 1, 1, 1),
                                   conv(2, 20, 9, 8, 64, 3, 3, 2, 1, 1, 2, 1, 1, 1),
                                   conv(2, 64, 7, 9, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1)}) {
    Bf16Passes passes(stream, d);
    for (const int slices : {1, 3}) {
      CHECK(passes.grad_weights({GemmTile::NARROW, slices}) == passes.grad_weights({kSmallTile, slices}));
    }
  }
}

// Both ways out of the registers, by every tile: in one slice.
void check_activations(cudaStream_t stream) {
  for (const GemmTile tile : {kSmallTile, kMediumTile, kLargeTile}) {
    for (const int32_t activation : {AZJ_IDENTITY, AZJ_RELU, AZJ_LEAKY_RELU, AZJ_SIGMOID, AZJ_TANH}) {
      azj_conv2d_desc d = conv(2, 6, 9, 16, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1);
      d.activation = activation;
      d.slope = 0.125f;
      Bf16Passes(stream, d).check({tile, 1});
    }
  }
}

// Without a bias: that of a bias of zeros.
void check_no_bias(cudaStream_t stream) {
  const azj_conv2d_desc d = conv(2, 6, 7, 9, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1);
  const Reference ref(d);
  for (const int slices : {1, 2}) {
    Bf16Passes passes(stream, d);
    const HopperPlan plan{kSmallTile, slices};
    const auto y = unpacked(passes.forward(plan), d.filters, ref.out_h * ref.out_w);
    const auto z = unpacked(passes.forward(plan, false), d.filters, ref.out_h * ref.out_w);
    const auto bias = random_floats(d.filters, 24);
    std::vector<Exact> expected(y.size());
    for (size_t i = 0; i < y.size(); ++i) {
      expected[i].add(z[i]);
      expected[i].add(bias[at(ref.filter_of(i))]);
      expected[i].size += 4e3 * std::fabs(z[i]);  // z is rounded, too
    }
    compare_rounded("with and without bias", y, expected);
  }
}

// A NaN reaches the pixels whose windows have it, and no pad.
void check_not_finite(cudaStream_t stream) {
  azj_conv2d_desc d = conv(1, 3, 6, 7, 5, 3, 3, 1, 1, 0, 0, 1, 1, 1);
  d.activation = AZJ_RELU;
  const Reference ref(d);
  for (const int slices : {1, 2}) {
    Bf16Passes passes(stream, d);
    passes.spoil(2, 2);
    const auto y = unpacked(passes.forward({kSmallTile, slices}), d.filters, ref.out_h * ref.out_w);
    for (size_t i = 0; i < y.size(); ++i) {
      const int64_t row = static_cast<int64_t>(i) / ref.out_w % ref.out_h, column = static_cast<int64_t>(i) % ref.out_w;
      CHECK(std::isnan(y[i]) == (row <= 2 && column <= 2));
    }
  }
}

// What a batch asks for serves every smaller one, whose tiles are fewer and cut into more slices.
void check_workspaces() {
  for (azj_conv2d_desc d : {conv(0, 300, 7, 7, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                            conv(0, 8, 14, 14, 200, 3, 3, 2, 2, 1, 1, 1, 1, 1)}) {
    uint64_t before[3] = {0, 0, 0};
    for (d.batch = 1; d.batch < 200; d.batch += d.batch < 20 ? 1 : 37) {
      const uint64_t now[] = {azj::cuda::bf16_conv2d_forward_workspace_bytes(d),
                              azj::cuda::bf16_conv2d_grad_input_workspace_bytes(d),
                              azj::cuda::bf16_conv2d_grad_weights_workspace_bytes(d)};
      for (int pass = 0; pass < 3; ++pass) {
        CHECK(now[pass] >= before[pass]);
        before[pass] = now[pass];
      }
    }
  }
}

}  // namespace

int main() {
  std::string reason;
  if (azj::cuda::has_hopper(reason)) {
    cudaStream_t stream = nullptr;
    CUDA(cudaStreamCreate(&stream));
    int number = 0;
    for (PassCase c : kCases) {
      c.d.activation = number++ % 5;
      c.d.slope = 0.25f;
      Bf16Passes(stream, c.d).check(c.plan);
    }
    check_single_image(stream);
    check_pairs(stream);
    check_narrow(stream);
    check_activations(stream);
    check_no_bias(stream);
    check_not_finite(stream);
    check_workspaces();
    CUDA(cudaStreamDestroy(stream));
  }
  test_bf16_conv2d_contract();
  return finish("cuda_bf16_conv2d");
}

// Convolutions on wgmma: every pass in TF32 and BF16 where tiles, slices, boxes and phases have their edges.
#include "cuda_conv_passes.hpp"

namespace {

using namespace conv_passes;

struct HopperCase {
  azj_conv2d_desc d;
  HopperPlan tf32, bf16;
};

constexpr GemmTile kSmallTile = GemmTile::SMALL, kMediumTile = GemmTile::MEDIUM, kLargeTile = GemmTile::LARGE;

// Batch, channels, height, width, filters, kernel, stride, padding, dilation, groups.
const HopperCase kCases[] = {
    // One pixel; a plane smaller than the kernel; one that no tap meets; a pixel in a wide border.
    {conv(1, 5, 1, 1, 3, 1, 1, 1, 1, 0, 0, 1, 1, 1), {}, {kMediumTile, 2}},
    {conv(3, 2, 1, 2, 3, 3, 5, 1, 1, 1, 2, 1, 1, 1), {kSmallTile, 2}, {}},
    {conv(2, 2, 1, 1, 3, 2, 2, 7, 7, 3, 3, 2, 2, 1), {}, {}},
    {conv(1, 1, 1, 1, 1, 1, 1, 8, 8, 17, 9, 1, 1, 1), {kMediumTile, 1}, {kSmallTile, 3}},
    // 1 x 1 with strides, and phases that no tap meets; strides that leave a rest, and beyond a padded kernel.
    {conv(2, 40, 9, 7, 70, 1, 1, 2, 3, 0, 0, 1, 1, 1), {kLargeTile, 2}, {}},
    {conv(3, 9, 8, 11, 66, 1, 1, 2, 2, 0, 0, 1, 1, 3), {}, {kMediumTile, 3}},
    {conv(2, 3, 10, 13, 4, 2, 3, 5, 4, 1, 2, 1, 1, 1), {kSmallTile, 1}, {kLargeTile, 0}},
    // Phases of one launch that are cut into slices, and not at all; of several launches, in groups.
    {conv(2, 70, 11, 10, 130, 3, 3, 2, 2, 1, 1, 1, 1, 1), {kMediumTile, 4}, {kLargeTile, 3}},
    {conv(1, 18, 14, 15, 40, 4, 5, 3, 2, 1, 2, 1, 1, 2), {kSmallTile, 3}, {kMediumTile, 2}},
    // Channels around the depth of a stage and the blocks of columns; filters around the tiles' rows.
    {conv(2, 33, 6, 5, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1), {}, {}},
    {conv(1, 65, 7, 7, 65, 3, 1, 2, 1, 1, 0, 1, 1, 1), {}, {kSmallTile, 2}},
    {conv(1, 16, 9, 9, 129, 2, 2, 1, 1, 0, 1, 1, 1, 1), {kLargeTile, 3}, {kMediumTile, 1}},
    {conv(2, 136, 4, 6, 8, 3, 3, 1, 1, 2, 0, 1, 1, 1), {kMediumTile, 7}, {}},
    // Dilation, with and without a common divisor with the stride; more images of x than taps and fewer.
    {conv(1, 6, 15, 17, 9, 3, 4, 4, 6, 3, 2, 6, 4, 3), {}, {kLargeTile, 2}},
    {conv(2, 4, 14, 12, 5, 4, 3, 3, 2, 4, 3, 2, 3, 1), {kMediumTile, 0}, {}},
    {conv(1, 2, 30, 31, 2, 2, 2, 1, 1, 5, 0, 29, 17, 1), {}, {}},
    // Weights by pixels: 64 channels and filters and their multiples, strides, dilation, one pixel.
    {conv(2, 64, 9, 8, 70, 3, 3, 2, 1, 1, 2, 1, 1, 1), {}, {kLargeTile, 2}},
    {conv(3, 130, 5, 7, 128, 2, 3, 1, 2, 1, 1, 2, 1, 1), {kSmallTile, 1}, {kMediumTile, 3}},
    {conv(2, 128, 8, 9, 64, 1, 1, 2, 3, 0, 0, 1, 1, 1), {kSmallTile, 0}, {kSmallTile, 2}},
    {conv(1, 60, 1, 1, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1), {}, {kSmallTile, 1}},
    // More tiles than multiprocessors in groups, and slices of them.
    {conv(7, 12, 12, 13, 48, 3, 3, 1, 1, 1, 1, 1, 1, 12), {kSmallTile, 2}, {kMediumTile, 1}},
    {conv(1, 3, 40, 41, 16, 5, 5, 2, 2, 2, 2, 1, 1, 1), {}, {kMediumTile, 4}},
};

// Left to itself, a single image with deep sums is cut into slices.
void check_single_image(cudaStream_t stream) {
  const azj_conv2d_desc d = conv(1, 520, 5, 6, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1);
  const azj::cuda::HopperPlan plan = azj::cuda::complete_plan({}, {40, 30, 1, 9 * 17, azj::cuda::TileStore::FLOATS});
  CHECK(plan.slices > 1);
  CHECK(plan.tile == GemmTile::SMALL || plan.tile == GemmTile::MEDIUM);
  Passes passes(stream, d, 0);
  passes.hopper(ConvMath::TF32, {});
  passes.hopper(ConvMath::BF16, {});
}

// Clusters of two, in groups too: the same bits as without.
void check_pairs(cudaStream_t stream) {
  for (const azj_conv2d_desc& d : {conv(1, 24, 11, 12, 300, 3, 3, 1, 1, 1, 1, 1, 1, 2),      // two rows of tiles
                                   conv(2, 136, 13, 20, 16, 2, 3, 1, 1, 1, 1, 1, 1, 1),      // half of a last tile
                                   conv(1, 70, 20, 25, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1),       // one row, even columns
                                   conv(1, 128, 5, 6, 140, 2, 2, 1, 1, 0, 1, 1, 1, 1)}) {    // half a block of columns
    const Reference ref(d);
    DeviceArray<float> x(random_floats(ref.x, 61)), w(random_floats(ref.w, 62)), dz(random_floats(ref.z, 63));
    for (const ConvMath math : {ConvMath::TF32, ConvMath::BF16}) {
      for (const GemmTile tile : {kMediumTile, kLargeTile}) {
        std::vector<float> y[2], dx[2], dw[2];
        for (const bool pairs : {false, true}) {
          const azj::cuda::HopperPlan plan{tile, 2, pairs};
          Workspace forward(azj::cuda::conv2d_hopper_forward_workspace_bytes(d, math, plan));
          Workspace backward(azj::cuda::conv2d_hopper_grad_input_workspace_bytes(d, math, plan));
          Workspace across(azj::cuda::conv2d_hopper_grad_weights_workspace_bytes(d, math, plan));
          auto out = poisoned<float>(at(ref.z)), grad = poisoned<float>(at(ref.x)), sums = poisoned<float>(at(ref.w));
          azj::cuda::conv2d_hopper_forward(stream, d, math, x.data(), w.data(), nullptr, out.data(), forward.data(),
                                           plan);
          azj::cuda::conv2d_hopper_grad_input(stream, d, math, dz.data(), w.data(), grad.data(), backward.data(),
                                              plan);
          azj::cuda::conv2d_hopper_grad_weights(stream, d, math, x.data(), dz.data(), sums.data(), across.data(),
                                                plan);
          finish_stream(stream);
          y[pairs] = out.read();
          dx[pairs] = grad.read();
          dw[pairs] = sums.read();
        }
        CHECK(y[0] == y[1] && dx[0] == dx[1] && dw[0] == dw[1]);
      }
    }
    Passes(stream, d, 0).hopper(ConvMath::TF32, {kLargeTile, 1});
  }
}

// What a batch asks for serves every smaller one, whose tiles are fewer and cut into more slices.
void check_workspaces() {
  for (azj_conv2d_desc d : {conv(0, 300, 7, 7, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1),
                            conv(0, 8, 14, 14, 200, 3, 3, 2, 2, 1, 1, 1, 1, 2)}) {
    for (const ConvMath math : {ConvMath::TF32, ConvMath::BF16}) {
      uint64_t before[3] = {0, 0, 0};
      for (d.batch = 1; d.batch < 200; d.batch += d.batch < 20 ? 1 : 37) {
        const uint64_t now[] = {azj::cuda::conv2d_hopper_forward_workspace_bytes(d, math),
                                azj::cuda::conv2d_hopper_grad_input_workspace_bytes(d, math),
                                azj::cuda::conv2d_hopper_grad_weights_workspace_bytes(d, math)};
        for (int pass = 0; pass < 3; ++pass) {
          CHECK(now[pass] >= before[pass]);
          before[pass] = now[pass];
        }
      }
    }
  }
}

// Twice the same bits of a sum in slices; a NaN stays in its channel.
void check_weights(cudaStream_t stream) {
  const azj_conv2d_desc d = conv(3, 5, 12, 11, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1);
  const Reference ref(d);
  auto x = random_floats(ref.x, 51);
  const auto dz = random_floats(ref.z, 52);
  DeviceArray<float> device_dz(dz);
  const HopperPlan plan{GemmTile::SMALL, 5};
  for (const ConvMath math : {ConvMath::TF32, ConvMath::BF16}) {
    std::vector<float> results[2];
    for (auto& result : results) {
      DeviceArray<float> device_x(x);
      Workspace workspace(azj::cuda::conv2d_hopper_grad_weights_workspace_bytes(d, math, plan));
      auto out = poisoned<float>(at(ref.w));
      azj::cuda::conv2d_hopper_grad_weights(stream, d, math, device_x.data(), device_dz.data(), out.data(),
                                            workspace.data(), plan);
      finish_stream(stream);
      result = out.read();
    }
    CHECK(std::memcmp(results[0].data(), results[1].data(), results[0].size() * sizeof(float)) == 0);
    const int64_t taps = d.kernel_h * d.kernel_w;
    auto broken = x;
    broken[at(2 * d.height * d.width + 5 * d.width + 4)] = std::numeric_limits<float>::quiet_NaN();  // channel 2
    DeviceArray<float> device_x(broken);
    Workspace workspace(azj::cuda::conv2d_hopper_grad_weights_workspace_bytes(d, math, plan));
    auto out = poisoned<float>(at(ref.w));
    azj::cuda::conv2d_hopper_grad_weights(stream, d, math, device_x.data(), device_dz.data(), out.data(),
                                          workspace.data(), plan);
    finish_stream(stream);
    const auto grad = out.read();
    for (int64_t i = 0; i < ref.w; ++i) {
      const bool of_channel = i / taps % d.channels == 2;
      CHECK(of_channel ? std::isnan(grad[at(i)]) : grad[at(i)] == results[0][at(i)]);
    }
  }
}

void check_hopper(cudaStream_t stream) {
  int number = 0;
  for (HopperCase c : kCases) {
    c.d.activation = number % 5;
    c.d.slope = 0.25f;
    Passes passes(stream, c.d, number % 3 == 1 ? 1 : 0);
    passes.hopper(ConvMath::TF32, c.tf32);
    passes.hopper(ConvMath::BF16, c.bf16);
    ++number;
  }
  check_single_image(stream);
  check_pairs(stream);
  check_workspaces();
  check_weights(stream);
  std::string reason;
  CHECK(!azj::cuda::conv2d_hopper_fits(conv(1, 1, 20, 20, 1, 3, 3, 1, 9, 1, 1, 1, 1, 1), reason));
  CHECK(reason.find("width they are 9, 1 and 2") != std::string::npos);
}

}  // namespace

int main() {
  cudaStream_t stream = nullptr;
  CUDA(cudaStreamCreate(&stream));
  std::string reason;
  if (azj::cuda::has_hopper(reason)) {
    check_hopper(stream);
  } else {
    CHECK(reason.find("9.0") != std::string::npos);
  }
  CUDA(cudaStreamDestroy(stream));
  return finish("cuda_conv_hopper");
}

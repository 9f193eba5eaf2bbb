// Convolutions: passes x algorithms over strides, paddings, dilations and groups; im2col and col2im; the dense layer.
#include "cuda_conv_passes.hpp"

namespace {

using namespace conv_passes;

const azj_conv2d_desc kSmall[] = {
    conv(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1),      conv(3, 4, 5, 7, 6, 1, 1, 1, 1, 0, 0, 1, 1, 1),
    conv(2, 3, 8, 9, 5, 1, 1, 2, 3, 0, 0, 1, 1, 1),      conv(2, 3, 4, 4, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1),
    conv(2, 3, 5, 4, 7, 5, 4, 1, 1, 0, 0, 1, 1, 1),      conv(3, 6, 14, 14, 16, 5, 5, 1, 1, 0, 0, 1, 1, 1),
    conv(2, 3, 9, 9, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1),      conv(1, 2, 4, 4, 2, 2, 2, 1, 1, 3, 3, 1, 1, 1),
    conv(3, 2, 13, 10, 3, 5, 2, 2, 3, 2, 0, 1, 2, 1),    conv(1, 2, 3, 67, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1),
    conv(2, 3, 33, 1, 4, 5, 1, 2, 1, 2, 0, 1, 1, 1),     conv(2, 4, 15, 15, 6, 3, 3, 2, 2, 1, 1, 1, 1, 1),
    conv(2, 3, 17, 19, 4, 2, 2, 4, 5, 0, 0, 1, 1, 1),    conv(1, 3, 23, 23, 8, 7, 7, 2, 2, 3, 3, 1, 1, 1),
    conv(2, 2, 3, 3, 2, 2, 2, 7, 9, 1, 1, 1, 1, 1),      conv(1, 2, 17, 15, 3, 3, 2, 1, 2, 1, 1, 3, 4, 1),
    conv(2, 2, 18, 18, 4, 3, 3, 2, 2, 2, 2, 2, 2, 1),    conv(1, 2, 19, 21, 3, 3, 4, 4, 6, 2, 3, 6, 4, 1),
    conv(2, 6, 9, 8, 4, 3, 3, 1, 1, 0, 1, 1, 1, 2),      conv(3, 9, 10, 10, 6, 3, 3, 2, 1, 1, 0, 1, 1, 3),
    conv(2, 5, 9, 8, 5, 3, 3, 1, 1, 1, 1, 1, 1, 5),      conv(2, 3, 8, 8, 6, 3, 3, 2, 2, 1, 1, 1, 1, 3),
};

}  // namespace

void test_conv2d(cudaStream_t stream) {
  int number = 0;
  for (azj_conv2d_desc d : kSmall) {
    d.activation = number % 5;
    d.slope = 0.25f;
    Passes passes(stream, d, number % 4 == 1 ? 1 : 0);
    passes.direct();
    passes.grad_bias();
    passes.plain_forward();
    passes.im2col(GemmRung::REGISTER, number % 3, Rounding::NONE);
    if (number % 3 == 0) passes.im2col(GemmRung::TILED, 2, Rounding::NONE);
    if (number % 3 == 1) passes.im2col(GemmRung::TENSOR_TF32, 0, Rounding::TF32);
    if (number % 3 == 2) passes.im2col(GemmRung::TENSOR_BF16, 1, Rounding::BF16);
    passes.implicit(ConvMath::FP32, GemmTile::AUTO);
    passes.implicit(ConvMath::FP32, GemmTile::SMALL);
    passes.implicit(ConvMath::FP32, GemmTile::MEDIUM);
    passes.implicit(ConvMath::TF32, GemmTile::AUTO);
    passes.implicit(ConvMath::BF16, GemmTile::MEDIUM);
    passes.hopper(ConvMath::TF32, {GemmTile::MEDIUM, number % 2 == 0 ? 3 : 0});
    passes.hopper(ConvMath::BF16, {GemmTile::AUTO, number % 2 == 1 ? 2 : 0});
    ++number;
  }
}

void test_conv2d_large(cudaStream_t stream) {
  // More than one large tile in every direction: 130 filters, 2 * 9 * 8 = 144 pixels, 15 * 9 = 135 weights a filter.
  Passes large(stream, conv(2, 15, 9, 8, 130, 3, 3, 1, 1, 1, 1, 1, 1, 1), 0);
  large.implicit(ConvMath::FP32, GemmTile::LARGE);
  large.implicit(ConvMath::FP32, GemmTile::WIDE);
  large.implicit(ConvMath::TF32, GemmTile::LARGE);
  large.implicit(ConvMath::BF16, GemmTile::LARGE);
  large.hopper(ConvMath::TF32, {GemmTile::LARGE, 0});
  large.hopper(ConvMath::BF16, {GemmTile::LARGE, 4});
  // Several parts of a tap's channels, several tiles of pixels, more tiles than processors.
  Passes wide(stream, conv(5, 140, 11, 9, 20, 3, 2, 1, 2, 1, 1, 1, 1, 2), 0);
  wide.hopper(ConvMath::TF32, {GemmTile::MEDIUM, 1});
  wide.hopper(ConvMath::BF16, {GemmTile::LARGE, 5});
  wide.hopper(ConvMath::TF32, {GemmTile::SMALL, 2});
  Passes many(stream, conv(9, 4, 16, 16, 8, 1, 1, 1, 1, 0, 0, 1, 1, 1), 0);
  many.hopper(ConvMath::TF32, {GemmTile::MEDIUM, 1});
  many.hopper(ConvMath::BF16, {});
  // Depthwise planes of more than one tile: stride 1 and 2, dilated; and one whose source tile does not fit.
  for (const azj_conv2d_desc& d : {conv(2, 2, 33, 40, 2, 3, 3, 1, 1, 1, 1, 1, 1, 2),
                                   conv(1, 2, 40, 37, 2, 5, 3, 2, 2, 2, 1, 1, 1, 2),
                                   conv(1, 2, 36, 35, 2, 3, 3, 1, 1, 2, 2, 2, 2, 2),
                                   conv(1, 1, 70, 70, 1, 2, 2, 4, 4, 0, 0, 1, 1, 1)}) {
    Passes(stream, d, 0).direct();
  }
  // A plane of several segments of the bias gradient, a batch of several runs of the direct weight gradient.
  Passes deep(stream, conv(19, 1, 33, 32, 2, 2, 2, 1, 1, 0, 0, 1, 1, 1), 0);
  deep.grad_bias();
  deep.direct();
}

// Twice the same bits, also where sums are cut into parts; NaN and infinity arrive; sizes beyond 32 bits are refused.
void test_conv2d_contract(cudaStream_t stream) {
  const azj_conv2d_desc d = conv(6, 3, 20, 20, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1);
  const Reference ref(d);
  auto x = random_floats(ref.x, 41);
  const auto dz = random_floats(ref.z, 42), w = random_floats(ref.w, 43);
  DeviceArray<float> device_dz(dz), device_w(w);
  for (const ConvMath math : {ConvMath::FP32, ConvMath::TF32, ConvMath::BF16}) {
    std::string reason;
    if (math != ConvMath::FP32 && !azj::cuda::has_tensor_cores(reason)) continue;
    DeviceArray<float> device_x(x);
    const uint64_t bytes = azj::cuda::conv2d_implicit_grad_weights_workspace_bytes(d, math);
    CHECK(bytes > at(ref.w) * sizeof(float));
    std::vector<float> results[2];
    for (auto& result : results) {
      Workspace workspace(bytes);
      auto out = poisoned<float>(at(ref.w));
      azj::cuda::conv2d_implicit_grad_weights(stream, d, math, device_x.data(), device_dz.data(), out.data(),
                                              workspace.data());
      finish_stream(stream);
      result = out.read();
    }
    CHECK(std::memcmp(results[0].data(), results[1].data(), results[0].size() * sizeof(float)) == 0);
  }

  x[at(ref.x - 1)] = std::numeric_limits<float>::quiet_NaN();
  x[0] = std::numeric_limits<float>::infinity();
  azj_conv2d_desc relu = d;
  relu.activation = AZJ_RELU;
  DeviceArray<float> device_x(x);
  auto out = poisoned<float>(at(ref.z));
  azj::cuda::conv2d_implicit_forward(stream, relu, ConvMath::FP32, device_x.data(), device_w.data(), nullptr,
                                     out.data());
  finish_stream(stream);
  const auto y = out.read();
  CHECK(std::isnan(y[at(ref.z - 1)]));
  CHECK(y[0] == (w[4] > 0 ? std::numeric_limits<float>::infinity() : 0.0f));  // its centre tap meets x[0]

  azj_conv2d_desc wide = conv(1, 1, 1 << 16, 1 << 16, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1);
  try {
    azj::cuda::conv2d_direct_forward(stream, wide, device_x.data(), device_w.data(), nullptr, out.data());
    CHECK(!"a plane of 2^32 pixels was accepted");
  } catch (const azj::Error& error) {
    CHECK(error.status() == AZJ_UNSUPPORTED);
  }
}

void test_im2col(cudaStream_t stream) {
  for (const azj_conv2d_desc& d : kSmall) {
    const Reference ref(d);
    const int64_t plane = ref.out_h * ref.out_w, taps = d.kernel_h * d.kernel_w, rows = d.channels * taps;
    const auto x = random_floats(ref.x, 21), unrolled = random_floats(d.batch * rows * plane, 22);
    std::vector<Exact> expected(unrolled.size()), folded(x.size());
    for (int64_t i = 0; i < d.batch * rows * plane; ++i) {
      const int64_t q = i % ref.out_w, p = i / ref.out_w % ref.out_h, row = i / plane % rows, n = i / (plane * rows);
      const int64_t h = p * d.stride_h - d.pad_h + row % taps / d.kernel_w * d.dilation_h;
      const int64_t w = q * d.stride_w - d.pad_w + row % d.kernel_w * d.dilation_w;
      if (h < 0 || h >= d.height || w < 0 || w >= d.width) continue;
      const size_t from = at(((n * d.channels + row / taps) * d.height + h) * d.width + w);
      expected[at(i)].sum = x[from];
      folded[from].add(unrolled[at(i)]);
    }
    DeviceArray<float> device_x(x), device_unrolled(unrolled);
    auto out = poisoned<float>(unrolled.size()), sums = poisoned<float>(x.size());
    azj::cuda::im2col(stream, d, d.batch, device_x.data(), out.data());
    azj::cuda::col2im(stream, d, d.batch, device_unrolled.data(), sums.data());
    finish_stream(stream);
    compare("im2col, " + describe(d), out.read(), expected, 0);
    compare("col2im, " + describe(d), sums.read(), folded);
  }
}

void test_dense(cudaStream_t stream) {
  constexpr int64_t kSizes[][3] = {{1, 1, 1}, {1, 17, 13}, {5, 19, 23}, {3, 84, 10}, {64, 31, 10}, {2, 1031, 3},
                                   {2, 3, 131}, {9, 67, 35}};  // batch, inputs, outputs
  int number = 0;
  for (const auto& size : kSizes) {
    azj_dense_desc d{};
    d.batch = size[0];
    d.inputs = size[1];
    d.outputs = size[2];
    d.activation = number++ % 5;
    d.slope = 0.25f;
    const auto x = random_floats(d.batch * d.inputs, 31), w = random_floats(d.outputs * d.inputs, 32);
    const auto bias = random_floats(d.outputs, 33), dz = random_floats(d.batch * d.outputs, 34);
    std::vector<Exact> y(dz.size()), plain(dz.size()), dx(x.size()), dw(w.size()), db(bias.size());
    for (int64_t n = 0; n < d.batch; ++n) {
      for (int64_t o = 0; o < d.outputs; ++o) {
        const size_t k = at(n * d.outputs + o);
        for (int64_t i = 0; i < d.inputs; ++i) {
          const size_t in = at(n * d.inputs + i), weight = at(o * d.inputs + i);
          y[k].add(static_cast<double>(x[in]) * w[weight]);
          dx[in].add(static_cast<double>(dz[k]) * w[weight]);
          dw[weight].add(static_cast<double>(dz[k]) * x[in]);
        }
        plain[k] = y[k];
        plain[k].sum = activated(d.activation, 0.25, y[k].sum);
        y[k].add(bias[at(o)]);
        y[k].sum = activated(d.activation, 0.25, y[k].sum);
        db[at(o)].add(dz[k]);
      }
    }
    DeviceArray<float> device_x(x), device_w(w), device_bias(bias), device_dz(dz);
    const std::string what = "dense " + std::to_string(d.batch) + " x " + std::to_string(d.inputs) + " -> " +
                             std::to_string(d.outputs);
    for (const GemmRung rung : {GemmRung::TILED, GemmRung::REGISTER}) {
      auto out_y = poisoned<float>(y.size()), out_plain = poisoned<float>(y.size());
      auto out_x = poisoned<float>(dx.size()), out_w = poisoned<float>(dw.size()), out_b = poisoned<float>(db.size());
      const float *in = device_x.data(), *weights = device_w.data(), *gradient = device_dz.data();
      gemm(stream, rung, azj::cuda::dense_forward(d, in, weights, device_bias.data(), out_y.data()));
      gemm(stream, rung, azj::cuda::dense_forward(d, in, weights, nullptr, out_plain.data()));
      gemm(stream, rung, azj::cuda::dense_grad_input(d, gradient, weights, out_x.data()));
      gemm(stream, rung, azj::cuda::dense_grad_weights(d, in, gradient, out_w.data()));
      azj::cuda::dense_grad_bias(stream, d, device_dz.data(), out_b.data());
      finish_stream(stream);
      compare(what + " forward", out_y.read(), y);
      compare(what + " forward without bias", out_plain.read(), plain);
      compare(what + " gradient to input", out_x.read(), dx);
      compare(what + " gradient to weights", out_w.read(), dw);
      compare(what + " gradient to bias", out_b.read(), db);
    }
  }
}

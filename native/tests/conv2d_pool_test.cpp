// Convolution and max pooling in one operation: the same bits as the two operations one after the other, forward and
// backward, by every algorithm and with every number of threads.
#include <limits>
#include <string>

#include "check.hpp"

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kGuard = -12345.5f;
constexpr size_t kGuards = 32;  // beyond each output

bool same_bits(const float* a, const float* b, size_t count) { return std::memcmp(a, b, count * sizeof(float)) == 0; }

struct Problem {
  explicit Problem(const azj_conv2d_desc& desc) : d(desc) {
    OK(azj_conv2d_output_size(&d, &out_h, &out_w));
    x = random_floats(d.batch * d.channels * d.height * d.width, 1);
    w = random_floats(d.filters * d.channels / d.groups * d.kernel_h * d.kernel_w, 2);
    bias = random_floats(d.filters, 3);
    outputs = static_cast<size_t>(d.batch * d.filters * out_h * out_w);
    pooled = static_cast<size_t>(d.batch * d.filters * (out_h / 2) * (out_w / 2));
    grad_y = random_floats(static_cast<int64_t>(pooled), 4);
  }

  azj_conv2d_desc d;
  int64_t out_h = 0, out_w = 0;
  std::vector<float> x, w, bias, grad_y;
  size_t outputs, pooled;
};

azj_pool2d_desc halves(const Problem& p) {
  return {p.d.batch, p.d.filters, p.out_h, p.out_w, 2, 2, 2, 2, 0, 0, AZJ_POOL_MAX, 0};
}

struct Results {
  explicit Results(const Problem& p)
      : y(p.pooled + kGuards, kGuard), argmax(p.pooled + kGuards, -7), grad_z(p.outputs + kGuards, kGuard),
        grad_bias(p.bias.size() + kGuards, kGuard) {}
  std::vector<float> y;
  std::vector<int32_t> argmax;
  std::vector<float> grad_z, grad_bias;
};

Results separately(azj_stream* stream, const Problem& p, const float* bias) {
  Results r(p);
  std::vector<float> z(p.outputs, kNaN);
  uint64_t bytes = 0;
  OK(azj_conv2d_workspace_bytes(stream, &p.d, AZJ_CONV_FORWARD, &bytes));
  std::vector<float> scratch(bytes / sizeof(float), kNaN);
  OK(azj_conv2d_forward(stream, &p.d, p.x.data(), p.w.data(), bias, z.data(), scratch.data(), bytes));
  const azj_pool2d_desc pool = halves(p);
  OK(azj_pool2d_forward(stream, &pool, z.data(), r.y.data(), r.argmax.data()));
  OK(azj_pool2d_backward(stream, &pool, p.grad_y.data(), r.argmax.data(), r.grad_z.data()));
  const int64_t count = static_cast<int64_t>(p.outputs);
  OK(azj_activation_backward(stream, p.d.activation, p.d.slope, count, z.data(), r.grad_z.data(), r.grad_z.data()));
  OK(azj_conv2d_grad_bias(stream, &p.d, r.grad_z.data(), r.grad_bias.data()));
  return r;
}

Results together(azj_stream* stream, const Problem& p, const float* bias) {
  Results r(p);
  uint64_t bytes = 0;
  OK(azj_conv2d_pool_workspace_bytes(stream, &p.d, &bytes));
  std::vector<float> scratch(bytes / sizeof(float), kNaN);
  OK(azj_conv2d_pool_forward(stream, &p.d, p.x.data(), p.w.data(), bias, r.y.data(), r.argmax.data(), scratch.data(),
                             bytes));
  OK(azj_conv2d_pool_backward(stream, &p.d, r.y.data(), r.argmax.data(), p.grad_y.data(), r.grad_z.data(),
                              r.grad_bias.data()));

  Results alone(p);  // without what may be left out
  OK(azj_conv2d_pool_forward(stream, &p.d, p.x.data(), p.w.data(), bias, alone.y.data(), nullptr, scratch.data(),
                             bytes));
  CHECK(same_bits(alone.y.data(), r.y.data(), r.y.size()));
  OK(azj_conv2d_pool_backward(stream, &p.d, r.y.data(), r.argmax.data(), p.grad_y.data(), alone.grad_z.data(),
                              nullptr));
  CHECK(same_bits(alone.grad_z.data(), r.grad_z.data(), r.grad_z.size()));
  return r;
}

bool has(azj_stream* stream, const azj_conv2d_desc& d) {
  int32_t chosen = 0;
  return azj_conv2d_algorithm(stream, &d, AZJ_CONV_FORWARD, &chosen) == AZJ_OK;
}

void same(azj_stream* stream, azj_conv2d_desc d) {
  const int32_t algorithms[] = {AZJ_CONV_AUTO, AZJ_CONV_DIRECT, AZJ_CONV_IM2COL_GEMM, AZJ_CONV_IMPLICIT_GEMM,
                                AZJ_CONV_WINOGRAD};
  for (const int32_t algorithm : algorithms) {
    for (const int64_t samples : {0, 1, 2}) {
      d.algorithm = algorithm;
      d.samples_per_unroll = samples;
      if ((samples > 0 && algorithm != AZJ_CONV_IM2COL_GEMM) || !has(stream, d)) continue;
      const Problem p(d);
      for (const float* bias : {p.bias.data(), static_cast<const float*>(nullptr)}) {
        const Results expected = separately(stream, p, bias), actual = together(stream, p, bias);
        const int failed = failures;
        CHECK(same_bits(actual.y.data(), expected.y.data(), actual.y.size()));
        CHECK(actual.argmax == expected.argmax);
        CHECK(same_bits(actual.grad_z.data(), expected.grad_z.data(), actual.grad_z.size()));
        CHECK(same_bits(actual.grad_bias.data(), expected.grad_bias.data(), actual.grad_bias.size()));
        if (failures != failed) {
          std::printf("  algorithm %d, %lld channels, %lldx%lld, %lld filters, kernel %lldx%lld, activation %d\n",
                      algorithm, static_cast<long long>(d.channels), static_cast<long long>(d.height),
                      static_cast<long long>(d.width), static_cast<long long>(d.filters),
                      static_cast<long long>(d.kernel_h), static_cast<long long>(d.kernel_w), d.activation);
        }
      }
    }
  }
}

azj_conv2d_desc conv(int64_t batch, int64_t channels, int64_t height, int64_t width, int64_t filters, int64_t kernel,
                     int64_t stride, int64_t pad, int64_t groups = 1, int32_t activation = AZJ_RELU) {
  return {batch, channels, height, width,  filters, kernel, kernel,     stride, stride, pad,
          pad,   1,        1,      groups, 0,       0,      activation, activation == AZJ_LEAKY_RELU ? 0.25f : 0, 0};
}

void shapes(azj_stream* stream) {
  const azj_conv2d_desc all[] = {
      conv(1, 1, 2, 2, 1, 1, 1, 0),    conv(1, 1, 3, 3, 1, 2, 1, 0),     conv(3, 1, 28, 28, 6, 5, 1, 2),
      conv(2, 6, 14, 14, 16, 5, 1, 0), conv(3, 3, 9, 11, 5, 3, 1, 1),    conv(2, 16, 13, 18, 35, 3, 1, 1),
      conv(2, 3, 7, 70, 2, 3, 1, 1),   conv(5, 16, 10, 9, 16, 3, 1, 0),  conv(2, 4, 12, 13, 6, 3, 2, 1, 2),
      conv(2, 6, 10, 8, 6, 3, 1, 1, 6), conv(1, 40, 5, 6, 20, 4, 1, 2),  conv(2, 3, 19, 35, 3, 3, 1, 1),
      conv(1, 20, 17, 17, 3, 5, 1, 2), conv(4, 8, 6, 6, 16, 1, 1, 0),    conv(1, 1, 40, 2, 2, 1, 1, 0),
      // Batches that fill the lanes with samples.
      conv(16, 1, 28, 28, 6, 5, 1, 2), conv(29, 6, 14, 14, 16, 5, 1, 0), conv(12, 3, 9, 13, 8, 3, 1, 1, 1, AZJ_TANH),
      conv(15, 4, 11, 7, 6, 3, 2, 1, 2)};
  for (const auto& shape : all) same(stream, shape);
  for (const int32_t activation : {AZJ_IDENTITY, AZJ_LEAKY_RELU, AZJ_SIGMOID, AZJ_TANH}) {
    same(stream, conv(3, 3, 12, 37, 17, 3, 1, 1, 1, activation));
  }
}

// A 2x2 image is its own window; the derivative is that at the maximum.
void by_hand(azj_stream* stream) {
  const azj_conv2d_desc d = conv(1, 1, 3, 3, 1, 1, 1, 0, 1, AZJ_LEAKY_RELU);
  const std::vector<float> x{-8, -2, 9, -4, -6, 9, 9, 9, 9}, w{1};
  float y = 0, grad_bias = 0;
  int32_t argmax = 0;
  uint64_t bytes = 0;
  OK(azj_conv2d_pool_workspace_bytes(stream, &d, &bytes));
  std::vector<float> scratch(bytes / sizeof(float)), grad_z(9, kNaN);
  OK(azj_conv2d_pool_forward(stream, &d, x.data(), w.data(), nullptr, &y, &argmax, scratch.data(), bytes));
  CHECK(y == -0.5f && argmax == 1);
  const float grad_y = 12;
  OK(azj_conv2d_pool_backward(stream, &d, &y, &argmax, &grad_y, grad_z.data(), &grad_bias));
  CHECK(grad_z == (std::vector<float>{0, 3, 0, 0, 0, 0, 0, 0, 0}) && grad_bias == 3);
  for (const int32_t outside : {-1, 2, 5, 9}) {
    FAILS(AZJ_INVALID_ARGUMENT, "argmax holds an index outside its window",
          azj_conv2d_pool_backward(stream, &d, &y, &outside, &grad_y, grad_z.data(), &grad_bias));
  }
}

void validation(azj_stream* s) {
  constexpr azj_status kInvalid = AZJ_INVALID_ARGUMENT;
  azj_conv2d_desc good = conv(1, 2, 5, 5, 4, 3, 1, 1);
  good.algorithm = AZJ_CONV_IM2COL_GEMM;
  std::vector<float> buffer(2000);
  float* f = buffer.data();
  int32_t argmax[64] = {};
  uint64_t bytes = 0;
  OK(azj_conv2d_pool_workspace_bytes(s, &good, &bytes));
  CHECK(bytes > 0 && bytes <= 1000 * sizeof(float));
  const auto forward = [&](const azj_conv2d_desc* d, const float* x, const float* w, const float* bias, float* y,
                           void* workspace, uint64_t size) {
    return azj_conv2d_pool_forward(s, d, x, w, bias, y, argmax, workspace, size);
  };
  OK(forward(&good, f, f + 100, f, f + 200, f + 500, bytes));
  FAILS(kInvalid, "desc is NULL", forward(nullptr, f, f, f, f, f, bytes));
  FAILS(kInvalid, "azj_conv2d_pool_forward: x is NULL", forward(&good, nullptr, f, f, f, f, bytes));
  FAILS(kInvalid, "w is NULL", forward(&good, f, nullptr, f, f, f, bytes));
  FAILS(kInvalid, "y is NULL", forward(&good, f, f, f, nullptr, f, bytes));
  FAILS(kInvalid, "workspace is NULL", forward(&good, f, f, f, f, nullptr, bytes));
  const std::string both = "workspace_bytes is " + std::to_string(bytes - 1) + "; this pass needs " +
                           std::to_string(bytes) + ", see azj_conv2d_pool_workspace_bytes()";
  FAILS(AZJ_WORKSPACE_TOO_SMALL, both.c_str(), forward(&good, f, f, f, f, f, bytes - 1));
  FAILS(kInvalid, "stream is NULL", azj_conv2d_pool_forward(nullptr, &good, f, f, f, f, argmax, f, bytes));
  FAILS(kInvalid, "bytes is NULL", azj_conv2d_pool_workspace_bytes(s, &good, nullptr));
  FAILS(kInvalid, "stream is NULL", azj_conv2d_pool_workspace_bytes(nullptr, &good, &bytes));
  int32_t algorithm = 0;
  OK(azj_conv2d_pool_algorithm(s, &good, &algorithm));
  CHECK(algorithm == AZJ_CONV_IM2COL_GEMM);
  FAILS(kInvalid, "desc is NULL", azj_conv2d_pool_algorithm(s, nullptr, &algorithm));
  FAILS(kInvalid, "algorithm is NULL", azj_conv2d_pool_algorithm(s, &good, nullptr));
  FAILS(kInvalid, "stream is NULL", azj_conv2d_pool_algorithm(nullptr, &good, &algorithm));

  const azj_conv2d_desc flat = conv(1, 1, 1, 7, 1, 1, 1, 0), narrow = conv(1, 1, 9, 5, 1, 5, 1, 0),
                        huge = conv(1, 1, 50000, 50000, 1, 1, 1, 0);
  const char* too_flat = "the convolution's output is 1x7; a 2x2 window needs at least two rows and two columns";
  FAILS(kInvalid, too_flat, azj_conv2d_pool_workspace_bytes(s, &flat, &bytes));
  FAILS(kInvalid, too_flat, azj_conv2d_pool_algorithm(s, &flat, &algorithm));
  FAILS(kInvalid, too_flat, forward(&flat, f, f, f, f, f, 0));
  FAILS(kInvalid, "output is 5x1;", forward(&narrow, f, f, f, f, f, 0));
  FAILS(kInvalid, "output is 50000x50000; it must have fewer than 2^31 elements", forward(&huge, f, f, f, f, f, 0));

  const auto backward = [&](const azj_conv2d_desc* d, const float* y, const int32_t* index, const float* grad_y,
                            float* grad_z) {
    return azj_conv2d_pool_backward(s, d, y, index, grad_y, grad_z, f + 1000);
  };
  OK(backward(&good, f + 200, argmax, f, f + 300));
  FAILS(kInvalid, "desc is NULL", backward(nullptr, f, argmax, f, f));
  FAILS(kInvalid, "y is NULL", backward(&good, nullptr, argmax, f, f));
  FAILS(kInvalid, "argmax is NULL", backward(&good, f, nullptr, f, f));
  FAILS(kInvalid, "grad_y is NULL", backward(&good, f, argmax, nullptr, f));
  FAILS(kInvalid, "grad_z is NULL", backward(&good, f, argmax, f, nullptr));
  FAILS(kInvalid, too_flat, backward(&flat, f, argmax, f, f));
  FAILS(kInvalid, "stream is NULL", azj_conv2d_pool_backward(nullptr, &good, f, argmax, f, f, f));
}

}  // namespace

int main() {
  for (const int32_t threads : {1, 3}) {
    Session session(threads);
    by_hand(session.stream);
    shapes(session.stream);
    validation(session.stream);
  }
  return finish("conv2d_pool");
}

// Every operation of azulejo.h through the ABI, on the CPU and on the emulated CUDA device of one library: two independent
// implementations that must agree, by every algorithm that there is.
#include <algorithm>

#include "cuda_operations.hpp"

namespace {

constexpr int64_t kCount = 777;

void elementwise() {
  const auto x = random_floats(kCount, 1), y = random_floats(kCount, 2);
  agree("fill", 0, [&](Machine& m, bool) {
    float* a = m.alloc(kCount);
    OK(azj_fill(m.stream, kCount, 3.5f, a));
    return m.download(a, kCount);
  });
  agree("scale", 0, [&](Machine& m, bool) {
    float* a = m.upload(x);
    OK(azj_scale(m.stream, kCount, -2, a));
    return m.download(a, kCount);
  });
  agree("axpy", 1e-6, [&](Machine& m, bool) {
    float *a = m.upload(x), *b = m.upload(y);
    OK(azj_axpy(m.stream, kCount, 0.3f, a, b));
    return m.download(b, kCount);
  });
  agree("sum", 1e-6, [&](Machine& m, bool) {
    float *a = m.upload(x), *b = m.upload(std::vector<float>{2});
    OK(azj_sum(m.stream, kCount, 0.5f, a, 3, b));
    return m.download(b, 1);
  });
  for (int32_t kind = AZJ_IDENTITY; kind <= AZJ_TANH; ++kind) {
    agree("activation", 1e-6, [&](Machine& m, bool) {
      float *a = m.upload(x), *b = m.alloc(kCount), *g = m.upload(y);
      OK(azj_activation_forward(m.stream, kind, 0.1f, kCount, a, b));
      OK(azj_activation_backward(m.stream, kind, 0.1f, kCount, b, g, g));
      return join(m.download(b, kCount), m.download(g, kCount));
    });
  }
}

void rows() {
  constexpr int64_t kRows = 37, kClasses = 21;
  const auto x = random_floats(kCount, 3), t = random_floats(kCount, 4, 0, 1);
  std::vector<int32_t> labels;
  for (int32_t r = 0; r < kRows; ++r) labels.push_back(r * 7 % 22);  // 21 is no class
  agree("softmax", 1e-6, [&](Machine& m, bool) {
    float *a = m.upload(x), *b = m.alloc(kCount), *g = m.upload(t);
    OK(azj_softmax_forward(m.stream, kRows, kClasses, a, b));
    OK(azj_softmax_backward(m.stream, kRows, kClasses, b, g, g));
    return join(m.download(b, kCount), m.download(g, kCount));
  });
  const auto loss = [&](const char* name, auto&& call) {
    agree(name, 1e-5, [&](Machine& m, bool) {
      float *a = m.upload(x), *losses = m.alloc(kRows), *grad = m.alloc(kCount);
      call(m, a, losses, grad);
      return join(m.download(losses, kRows), m.download(grad, kCount));
    });
  };
  loss("softmax_cross_entropy", [&](Machine& m, float* a, float* losses, float* grad) {
    OK(azj_softmax_cross_entropy(m.stream, kRows, kClasses, a, m.upload(labels), 0.25f, losses, grad));
  });
  loss("sigmoid_cross_entropy", [&](Machine& m, float* a, float* losses, float* grad) {
    OK(azj_sigmoid_cross_entropy(m.stream, kRows, kClasses, a, m.upload(t), 0.25f, losses, grad));
  });
  loss("mean_squared_error", [&](Machine& m, float* a, float* losses, float* grad) {
    OK(azj_mean_squared_error(m.stream, kRows, kClasses, a, m.upload(t), 0.25f, losses, grad));
  });
  agree("argmax", 0, [&](Machine& m, bool) {
    auto* predictions = m.alloc<int32_t>(kRows);
    float* hits = m.alloc(kRows);
    OK(azj_argmax(m.stream, kRows, kClasses, m.upload(x), m.upload(labels), predictions, hits));
    return join(m.download(hits, kRows), m.download(predictions, kRows));
  });
}

void optimizers() {
  const auto g = random_floats(kCount, 5), w = random_floats(kCount, 6);
  agree("sgd", 1e-6, [&](Machine& m, bool) {
    const auto* settings = m.upload(std::vector<azj_sgd_settings>{{0.1f, 0.9f, 0.01f, 1}});
    float *dg = m.upload(g), *dw = m.upload(w), *v = m.upload(g);
    OK(azj_sgd(m.stream, settings, kCount, dg, dw, v));
    return join(m.download(dw, kCount), m.download(v, kCount));
  });
  agree("adam", 1e-5, [&](Machine& m, bool) {
    const auto* settings = m.upload(std::vector<azj_adam_settings>{{0.1f, 0.9f, 0.99f, 1e-8f, 0.01f, 1, 10, 100}});
    float *dg = m.upload(g), *dw = m.upload(w);
    float *moment = m.upload(std::vector<float>(kCount)), *second = m.upload(std::vector<float>(kCount));
    OK(azj_adam(m.stream, settings, kCount, dg, dw, moment, second));
    return join(join(m.download(dw, kCount), m.download(moment, kCount)), m.download(second, kCount));
  });
}

void products() {
  constexpr int64_t m_ = 13, n_ = 17, k_ = 29, batch = 3;
  const auto a = random_floats(batch * m_ * k_, 7), b = random_floats(k_ * n_, 8), c = random_floats(batch * m_ * n_, 9);
  for (int32_t algorithm = AZJ_GEMM_AUTO; algorithm <= AZJ_GEMM_HOPPER_BF16; ++algorithm) {
    const bool tf32 = algorithm == AZJ_GEMM_TENSOR_TF32 || algorithm == AZJ_GEMM_HOPPER_TF32;
    const double tolerance = algorithm < AZJ_GEMM_TENSOR_TF32 ? 1e-5 : tf32 ? 0.05 : 0.2;
    agree("gemm_batched", tolerance, [&](Machine& m, bool cpu) {
      azj_gemm_desc desc{m_, n_, k_, m_, n_, n_, 1, 0, 0.7f, 0.4f, cpu ? AZJ_GEMM_AUTO : algorithm, 0};
      float *da = m.upload(a), *db = m.upload(b), *dc = m.upload(c);
      OK(azj_gemm_batched(m.stream, &desc, batch, m_ * k_, 0, m_ * n_, da, db, dc));
      return m.download(dc, batch * m_ * n_);
    });
  }
  {
    Machine cpu(AZJ_DEVICE_CPU, 0);
    const azj_gemm_desc desc{2, 2, 2, 2, 2, 2, 0, 0, 1, 0, AZJ_GEMM_REGISTER, 0};
    int32_t algorithm = 0;
    FAILS(AZJ_UNSUPPORTED, "GEMM algorithm 5 is a CUDA kernel", azj_gemm_choice(cpu.stream, &desc, 1, &algorithm));
  }
  const azj_dense_desc dense{6, 15, 8, AZJ_SIGMOID, 0, AZJ_FP32, 0};
  const auto x = random_floats(6 * 15, 10), w = random_floats(8 * 15, 11), bias = random_floats(8, 12);
  const auto grad = random_floats(6 * 8, 13);
  agree("dense", 1e-5, [&](Machine& m, bool) {
    float *dx = m.upload(x), *dw = m.upload(w), *dg = m.upload(grad), *y = m.alloc(6 * 8);
    float *gx = m.alloc(6 * 15), *gw = m.alloc(8 * 15), *gb = m.alloc(8);
    OK(azj_dense_forward(m.stream, &dense, dx, dw, m.upload(bias), y));
    OK(azj_dense_grad_input(m.stream, &dense, dg, dw, gx));
    OK(azj_dense_grad_weights(m.stream, &dense, dx, dg, gw));
    OK(azj_dense_grad_bias(m.stream, &dense, dg, gb));
    return join(join(m.download(y, 6 * 8), m.download(gx, 6 * 15)), join(m.download(gw, 8 * 15), m.download(gb, 8)));
  });
}

std::vector<float> convolve(Machine& m, azj_conv2d_desc d, const std::vector<float>& x, const std::vector<float>& w,
                            const std::vector<float>& grad) {
  int64_t out_h = 0, out_w = 0;
  OK(azj_conv2d_output_size(&d, &out_h, &out_w));
  const auto xs = static_cast<int64_t>(x.size()), ws = static_cast<int64_t>(w.size());
  const int64_t ys = d.batch * d.filters * out_h * out_w;
  const int64_t unrolled = d.batch * d.channels * d.kernel_h * d.kernel_w * out_h * out_w;
  uint64_t workspace_bytes = 1;
  for (int32_t pass = AZJ_CONV_FORWARD; pass <= AZJ_CONV_GRAD_WEIGHTS; ++pass) {
    uint64_t bytes = 0;
    OK(azj_conv2d_workspace_bytes(m.stream, &d, pass, &bytes));
    workspace_bytes = std::max(workspace_bytes, bytes);
  }
  void* workspace = m.alloc<char>(workspace_bytes);
  float *dx = m.upload(x), *dw = m.upload(w), *y = m.alloc(ys), *u = m.alloc(unrolled), *back = m.alloc(xs);
  float* dg = m.upload(std::vector<float>(grad.begin(), grad.begin() + ys));
  float *gx = m.alloc(xs), *gw = m.alloc(ws), *gb = m.alloc(d.filters);
  float* bias = m.upload(std::vector<float>(grad.begin(), grad.begin() + d.filters));
  OK(azj_conv2d_forward(m.stream, &d, dx, dw, bias, y, workspace, workspace_bytes));
  OK(azj_conv2d_grad_input(m.stream, &d, dg, dw, gx, workspace, workspace_bytes));
  OK(azj_conv2d_grad_weights(m.stream, &d, dx, dg, gw, workspace, workspace_bytes));
  OK(azj_conv2d_grad_bias(m.stream, &d, dg, gb));
  OK(azj_im2col(m.stream, &d, dx, u));
  OK(azj_col2im(m.stream, &d, u, back));
  return join(join(join(m.download(y, ys), m.download(gx, xs)), join(m.download(gw, ws), m.download(gb, d.filters))),
              join(m.download(u, unrolled), m.download(back, xs)));
}

bool is_winograd(int32_t algorithm) { return algorithm == AZJ_CONV_WINOGRAD || algorithm == AZJ_CONV_WINOGRAD_2X2; }

void convolutions() {
  for (const int64_t groups : {int64_t{1}, int64_t{2}, int64_t{4}}) {  // 4: depthwise
    const auto x = random_floats(3 * 4 * 9 * 8, 20), w = random_floats(4 * (4 / groups) * 3 * 2, 21);
    const auto grad = random_floats(3 * 4 * 9 * 8, 22);
    for (int32_t algorithm = AZJ_CONV_AUTO; algorithm <= AZJ_CONV_WINOGRAD_2X2; ++algorithm) {
      if (is_winograd(algorithm)) continue;  // winograd()
      const double tolerance = algorithm < AZJ_CONV_IMPLICIT_GEMM_TF32 ? 1e-4 : 0.2;
      agree("conv2d", tolerance, [&](Machine& m, bool cpu) {
        azj_conv2d_desc d{3, 4, 9, 8, 4, 3, 2, 2, 1, 1, 0, 1, 2, groups, 2, 0, AZJ_LEAKY_RELU, 0.2f, 0};
        d.algorithm = cpu && algorithm > AZJ_CONV_IM2COL_GEMM ? AZJ_CONV_DIRECT : algorithm;
        return convolve(m, d, x, w, grad);
      });
    }
  }
}

void winograd() {
  const auto x = random_floats(3 * 4 * 9 * 8, 23), w = random_floats(5 * 4 * 9, 24);
  const auto grad = random_floats(3 * 5 * 9 * 8, 25);
  Machine device(AZJ_DEVICE_EMULATED, 0), host(AZJ_DEVICE_CPU, 0);
  int32_t chosen = 0;
  for (const int32_t algorithm : {AZJ_CONV_WINOGRAD, AZJ_CONV_WINOGRAD_2X2}) {
    azj_conv2d_desc d{3, 4, 9, 8, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0, algorithm, AZJ_RELU, 0, 0};
    agree("conv2d by Winograd", 1e-4, [&](Machine& m, bool cpu) {
      d.algorithm = cpu ? AZJ_CONV_WINOGRAD : algorithm;
      return convolve(m, d, x, w, grad);
    });
    OK(azj_conv2d_algorithm(device.stream, &d, AZJ_CONV_FORWARD, &chosen));
    CHECK(chosen == algorithm);
    d.stride_h = 2;
    FAILS(AZJ_UNSUPPORTED, algorithm == AZJ_CONV_WINOGRAD ? "WINOGRAD is F(4x4, 3x3): it" : "2X2 is F(2x2, 3x3): it",
          azj_conv2d_algorithm(device.stream, &d, AZJ_CONV_FORWARD, &chosen));
    FAILS(AZJ_UNSUPPORTED, "this is a 3x3 kernel, stride 2x1",
          azj_conv2d_algorithm(device.stream, &d, AZJ_CONV_FORWARD, &chosen));
  }
  const azj_conv2d_desc d{3, 4, 9, 8, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0, AZJ_CONV_WINOGRAD_2X2, AZJ_RELU, 0, 0};
  FAILS(AZJ_UNSUPPORTED, "convolution algorithm 9 is a CUDA kernel",
        azj_conv2d_algorithm(host.stream, &d, AZJ_CONV_FORWARD, &chosen));
}

void pooling() {
  const auto x = random_floats(2 * 3 * 7 * 6, 30), grad = random_floats(2 * 3 * 4 * 3, 31);
  for (const int32_t mode : {AZJ_POOL_MAX, AZJ_POOL_MEAN}) {
    agree("pool2d", 1e-6, [&](Machine& m, bool) {
      const azj_pool2d_desc d{2, 3, 7, 6, 3, 2, 2, 2, 1, 0, mode, 0};
      float *y = m.alloc(72), *gx = m.alloc(252);
      auto* argmax = m.upload(std::vector<int32_t>(72));
      OK(azj_pool2d_forward(m.stream, &d, m.upload(x), y, argmax));
      OK(azj_pool2d_backward(m.stream, &d, m.upload(grad), argmax, gx));
      return join(join(m.download(y, 72), m.download(gx, 252)), m.download(argmax, 72));
    });
  }
}

// The forward pass of a named algorithm, and the way back; odd sizes leave a row and a column over.
void pooled_convolutions() {
  const auto x = random_floats(3 * 4 * 12 * 9, 32), w = random_floats(6 * 4 * 3 * 3, 33);
  const auto grad = random_floats(3 * 6 * 6 * 4, 34);
  for (int32_t algorithm = AZJ_CONV_AUTO; algorithm <= AZJ_CONV_WINOGRAD_2X2; ++algorithm) {
    const bool winograd = is_winograd(algorithm);
    const double tolerance = algorithm < AZJ_CONV_IMPLICIT_GEMM_TF32 || winograd ? 1e-4 : 0.2;
    agree("conv2d_pool", tolerance, [&](Machine& m, bool cpu) {
      azj_conv2d_desc d{3, 4, 12, 9, 6, 3, 3, 1, 1, 1, 1, 1, 1, winograd ? 1 : 2, 0, 0, AZJ_TANH, 0, 0};
      d.algorithm = cpu && algorithm > AZJ_CONV_IM2COL_GEMM ? AZJ_CONV_DIRECT : algorithm;
      constexpr int64_t kPooled = 3 * 6 * 6 * 4, kOutputs = 3 * 6 * 12 * 9;
      uint64_t bytes = 0;
      OK(azj_conv2d_pool_workspace_bytes(m.stream, &d, &bytes));
      void* workspace = m.alloc<char>(bytes + 1);  // may be none
      float *dx = m.upload(x), *dw = m.upload(w), *bias = m.upload(std::vector<float>{1, -1, 0, 2, -2, 0.5f});
      float *y = m.alloc(kPooled), *alone = m.alloc(kPooled), *gz = m.alloc(kOutputs), *gb = m.alloc(6);
      auto* argmax = m.alloc<int32_t>(kPooled);
      OK(azj_conv2d_pool_forward(m.stream, &d, dx, dw, bias, y, argmax, workspace, bytes));
      OK(azj_conv2d_pool_forward(m.stream, &d, dx, dw, bias, alone, nullptr, workspace, bytes));
      CHECK(m.download(alone, kPooled) == m.download(y, kPooled));
      // Rounded products may have another maximum: the way back is compared where they are not.
      if (tolerance > 0.1) return m.download(y, kPooled);
      OK(azj_conv2d_pool_backward(m.stream, &d, y, argmax, m.upload(grad), gz, gb));
      return join(join(m.download(y, kPooled), m.download(gz, kOutputs)),
                  join(m.download(gb, 6), m.download(argmax, kPooled)));
    });
  }
}

void batches() {
  constexpr int64_t kSamples = 5, kItems = 9, kBatch = 4, kSize = 2 * 6 * 5;
  std::vector<uint8_t> pixels;
  for (int64_t i = 0; i < kSamples * kSize; ++i) pixels.push_back(static_cast<uint8_t>(i * 37 % 256));
  const std::vector<int32_t> labels{4, 3, 2, 1, 0};
  std::vector<azj_gather_item> items;
  for (int32_t i = 0; i < kItems; ++i) {
    // The eighth is a sample that the data set lacks.
    items.push_back({i == 7 ? 5 : i % 5, static_cast<int16_t>(i % 5 - 2), static_cast<int16_t>(2 - i % 4), i % 2});
  }
  for (const int32_t border : {AZJ_BORDER_ZERO, AZJ_BORDER_MIRROR}) {
    for (const bool normalised : {false, true}) {
      agree("gather", 1e-6, [&](Machine& m, bool) {
        const azj_gather_desc d{kBatch, 2, 6, 5, kSamples, kItems, border, 0};
        const auto *p = m.upload(pixels);
        const auto *l = m.upload(labels);
        const auto *list = m.upload(items);
        auto* next = m.upload(std::vector<int64_t>{0});
        const float* mean = normalised ? m.upload(std::vector<float>{0.4f, 0.6f}) : nullptr;
        const float* scale = normalised ? m.upload(std::vector<float>{3, 5}) : nullptr;
        float* x = m.alloc(kBatch * kSize);
        auto* y = m.alloc<int32_t>(kBatch);
        std::vector<float> all;
        for (int batch = 0; batch < 3; ++batch) {  // the third ends beyond the list
          OK(azj_gather(m.stream, &d, p, normalised ? l : nullptr, list, next, mean, scale, x, normalised ? y : nullptr));
          all = join(all, m.download(x, kBatch * kSize));
          if (normalised) all = join(all, m.download(y, kBatch));
        }
        CHECK(m.download(next, 1)[0] == 12);
        return all;
      });
    }
  }
}

void table_rows() {
  constexpr int64_t kRows = 3, kColumns = 40;
  const auto table = random_floats(kRows * kColumns, 40);
  for (const int64_t columns : {int64_t{1}, int64_t{8}, kColumns}) {
    agree("select", 0, [&](Machine& m, bool) {
      const auto* t = m.upload(table);
      auto* next = m.upload(std::vector<int64_t>{-1});
      float* out = m.alloc(columns);
      std::vector<float> all;
      for (int64_t row = -1; row <= kRows; ++row) {  // the first and the last are not in the table
        OK(azj_select(m.stream, kRows, columns, t, next, out));
        const auto got = m.download(out, static_cast<uint64_t>(columns));
        for (int64_t c = 0; c < columns; ++c) {
          const float value = got[static_cast<size_t>(c)];
          CHECK(row < 0 || row == kRows ? value != value : value == table[static_cast<size_t>(row * columns + c)]);
        }
        all = join(all, got);
      }
      CHECK(m.download(next, 1)[0] == kRows + 1);
      return all;
    });
  }
  Machine m(AZJ_DEVICE_EMULATED, 0);
  float* x = m.alloc(4);
  auto* next = m.upload(std::vector<int64_t>{0});
  FAILS(kInvalid, "rows is 0", azj_select(m.stream, 0, 1, x, next, x));
  FAILS(kInvalid, "columns is -1", azj_select(m.stream, 1, -1, x, next, x));
  FAILS(kInvalid, "table is NULL", azj_select(m.stream, 1, 1, nullptr, next, x));
  FAILS(kInvalid, "next is NULL", azj_select(m.stream, 1, 1, x, nullptr, x));
  FAILS(kInvalid, "out is NULL", azj_select(m.stream, 1, 1, x, next, nullptr));
  FAILS(kInvalid, "table (", azj_select(m.stream, 5, 1, x, next, x + 3));  // one row more than the memory has
}

void random_numbers() {
  for (const uint64_t seed : {uint64_t{0}, uint64_t{0x123456789abcdef}}) {
    for (const bool normal : {false, true}) {
      agree("random", normal ? 1e-5 : 0, [&](Machine& m, bool) {
        auto* state = m.upload(std::vector<azj_random_state>{{seed, (uint64_t{1} << 34) - 3}});
        float* x = m.alloc(kCount);
        std::vector<float> all;
        for (const int64_t count : {int64_t{1}, int64_t{6}, kCount}) {
          OK(normal ? azj_random_normal(m.stream, state, count, 1, 2, x)
                    : azj_random_uniform(m.stream, state, count, -1, 3, x));
          all = join(all, m.download(x, static_cast<uint64_t>(count)));
        }
        CHECK(m.download(state, 1)[0].position == (uint64_t{1} << 34) - 3 + 7 + kCount);
        return all;
      });
    }
  }
  // The known answer of the authors' own tests (Random123, kat_vectors): counter 0, key 0.
  for (const int32_t kind : {AZJ_DEVICE_CPU, AZJ_DEVICE_EMULATED}) {
    Machine m(kind, 0);
    auto* state = m.upload(std::vector<azj_random_state>{{0, 0}});
    float* x = m.alloc(4);
    OK(azj_random_uniform(m.stream, state, 4, 0, 1, x));
    std::vector<float> expected;
    for (const uint32_t word : {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}) {
      expected.push_back(static_cast<float>(word >> 8) * 0x1p-24f);
    }
    CHECK(m.download(x, 4) == expected);
  }
}

}  // namespace

int main() {
  elementwise();
  rows();
  optimizers();
  products();
  convolutions();
  winograd();
  pooling();
  pooled_convolutions();
  batches();
  table_rows();
  random_numbers();
  return finish("cuda_operations");
}

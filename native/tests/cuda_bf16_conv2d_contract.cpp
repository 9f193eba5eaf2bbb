// The convolutions of azulejo.h on BF16 with channels last: what is refused, and that a graph replays their bits.
#include "cuda_bf16_conv2d.hpp"
#include "emulated_session.hpp"

namespace {

using namespace bf16_passes;

struct Tensors {
  const uint16_t *x, *w, *grad_z;
  const float* bias;
  uint16_t *y, *grad_x;
  float* grad_w;
  void* workspace;
  uint64_t bytes;
};

void run(azj_stream* stream, const azj_conv2d_desc& d, const Tensors& t) {
  OK(azj_bf16_conv2d_forward(stream, &d, t.x, t.w, t.bias, t.y, t.workspace, t.bytes));
  OK(azj_bf16_conv2d_grad_input(stream, &d, t.grad_z, t.w, t.grad_x, t.workspace, t.bytes));
  OK(azj_bf16_conv2d_grad_weights(stream, &d, t.x, t.grad_z, t.grad_w, t.workspace, t.bytes));
}

// Everything that a step writes, one result after the other.
std::vector<float> results(Emulated& s, const Tensors& t, size_t y, size_t x, size_t w) {
  std::vector<float> all = s.download(t.grad_w, w);
  for (const uint16_t value : s.download(t.y, y)) all.push_back(widened(value));
  for (const uint16_t value : s.download(t.grad_x, x)) all.push_back(widened(value));
  return all;
}

void replay_equals_eager() {
  Emulated s;
  azj_conv2d_desc d = conv(3, 20, 7, 6, 12, 3, 3, 2, 1, 1, 1, 1, 1, 1);
  d.activation = AZJ_TANH;
  const Reference ref(d);
  const int64_t in_plane = d.height * d.width, out_plane = ref.out_h * ref.out_w;
  const auto random = [&](int64_t count, unsigned seed) { return rounded(random_floats(count, seed), Rounding::BF16); };
  const size_t x = at(d.batch * in_plane * bf16_pitch(d.channels)), y = at(d.batch * out_plane * bf16_pitch(d.filters));
  Tensors t{};
  t.x = s.upload(packed(random(ref.x, 1), d.channels, in_plane, 0));
  t.w = s.upload(packed(random(ref.w, 2), d.channels, d.kernel_h * d.kernel_w, 0));
  t.grad_z = s.upload(packed(random(ref.z, 3), d.filters, out_plane, 0));
  t.bias = s.upload(random_floats(d.filters, 4));
  for (const int32_t pass : {AZJ_CONV_FORWARD, AZJ_CONV_GRAD_INPUT, AZJ_CONV_GRAD_WEIGHTS}) {
    uint64_t bytes = 0;
    OK(azj_bf16_conv2d_workspace_bytes(s.stream, &d, pass, &bytes));
    t.bytes = std::max(t.bytes, bytes);
  }
  t.workspace = s.alloc<char>(t.bytes);
  std::vector<float> eager;
  for (const bool recorded : {false, true}) {
    t.y = s.upload(std::vector<uint16_t>(y, kNan));
    t.grad_x = s.upload(std::vector<uint16_t>(x, kNan));
    t.grad_w = s.upload(std::vector<float>(at(ref.w), widened(kNan)));
    if (!recorded) {
      run(s.stream, d, t);
      eager = results(s, t, y, x, at(ref.w));
      continue;
    }
    azj_graph* graph = nullptr;
    OK(azj_graph_begin(s.stream));
    run(s.stream, d, t);
    OK(azj_graph_end(s.stream, &graph));
    for (int launch = 0; launch < 2; ++launch) {
      OK(azj_graph_launch(graph));
      CHECK(results(s, t, y, x, at(ref.w)) == eager);
    }
    OK(azj_graph_close(graph));
  }
}

void refusals(bool hopper) {
  Emulated s;
  azj_conv2d_desc d = conv(1, 1, 20, 20, 1, 3, 3, 1, 9, 1, 1, 1, 1, 1);
  uint64_t bytes = 0;
  const auto query = [&] { return azj_bf16_conv2d_workspace_bytes(s.stream, &d, AZJ_CONV_FORWARD, &bytes); };
  if (!hopper) {
    FAILS(AZJ_UNSUPPORTED, "9.0", query());
    return;
  }
  FAILS(AZJ_UNSUPPORTED, "width they are 9, 1 and 2", query());
  d.stride_w = 1;
  d.algorithm = AZJ_CONV_IMPLICIT_GEMM;
  FAILS(AZJ_UNSUPPORTED, "AZJ_CONV_HOPPER_BF16", query());
  d.algorithm = AZJ_CONV_HOPPER_BF16;
  OK(query());
  auto* const aligned = s.alloc<uint16_t>(4096);
  float* const w = s.alloc(64);
  const auto forward = [&](azj_bf16* y) {
    return azj_bf16_conv2d_forward(s.stream, &d, aligned, aligned, nullptr, y, s.alloc<char>(bytes + 1), bytes);
  };
  FAILS(AZJ_INVALID_ARGUMENT, "y", forward(aligned + 1));
  FAILS(AZJ_INVALID_ARGUMENT, "grad_z",
        azj_bf16_conv2d_grad_weights(s.stream, &d, aligned, nullptr, w, nullptr, 0));
}

}  // namespace

void test_bf16_conv2d_contract() {
  std::string reason;
  const bool hopper = azj::cuda::has_hopper(reason);
  refusals(hopper);
  if (hopper) replay_equals_eager();
}

// Through azulejo.h on the emulated device: whose memory the operands are, and what a graph of the operations replays.
#include <algorithm>

#include "bf16_numbers.hpp"
#include "cuda_bf16_small.hpp"
#include "emulated_session.hpp"

namespace {

const azj_pool2d_desc kPool{2, 12, 6, 5, 2, 2, 2, 2, 0, 0, AZJ_POOL_MAX, 0};
constexpr int64_t kImages = 2, kChannels = 12, kPitch = 16, kPixels = 30, kOutputs = 6;

// The buffers of pack, pooling, its way back, activation's way back, unpack.
struct Buffers {
  explicit Buffers(Emulated& s)
      : x(s.upload(random_floats(kImages * kChannels * kPixels, 1))),
        grad_y(s.upload(to_bf16(random_floats(kImages * kOutputs * kPitch, 2)))),
        packed(s.alloc<azj_bf16>(kImages * kPixels * kPitch)),
        y(s.alloc<azj_bf16>(kImages * kOutputs * kPitch)),
        argmax(s.alloc<uint8_t>(kImages * kOutputs * kPitch)),
        grad_x(s.alloc<azj_bf16>(kImages * kPixels * kPitch)),
        grad_bias(s.alloc(kChannels)),
        result(s.alloc(kImages * kChannels * kPixels)) {}
  float* x;
  azj_bf16 *grad_y, *packed, *y;
  uint8_t* argmax;
  azj_bf16* grad_x;
  float *grad_bias, *result;
};

void step(azj_stream* stream, const Buffers& b) {
  OK(azj_bf16_pack(stream, kImages, kChannels, kPixels, b.x, b.packed));
  OK(azj_bf16_pool2d_forward(stream, &kPool, b.packed, b.y, b.argmax));
  OK(azj_bf16_pool2d_backward(stream, &kPool, b.grad_y, b.argmax, b.grad_x));
  OK(azj_bf16_activation_backward(stream, AZJ_TANH, 0, kImages * kPixels, kChannels, b.packed, b.grad_x, b.grad_x,
                                  b.grad_bias));
  OK(azj_bf16_unpack(stream, kImages, kChannels, kPixels, b.grad_x, b.result));
}

void replay_equals_eager() {
  Emulated s;
  const Buffers eager(s), recorded(s);
  azj_graph* graph = nullptr;
  OK(azj_graph_begin(s.stream));
  step(s.stream, recorded);
  OK(azj_graph_end(s.stream, &graph));
  int64_t operations = 0;
  OK(azj_graph_size(graph, &operations));
  CHECK(operations == 6);  // the bias's gradient is two
  for (int run = 0; run < 2; ++run) OK(azj_graph_launch(graph));
  step(s.stream, eager);
  const uint64_t count = kImages * kChannels * kPixels;
  const auto result = s.download(eager.result, count);
  CHECK(s.download(recorded.result, count) == result);
  CHECK(s.download(recorded.grad_bias, kChannels) == s.download(eager.grad_bias, kChannels));
  CHECK(std::count_if(result.begin(), result.end(), [](float v) { return v != 0; }) > kImages * kChannels);
  OK(azj_graph_close(graph));
}

void foreign_memory() {
  Emulated s;
  const Buffers b(s);
  alignas(16) azj_bf16 host[8] = {};
  FAILS(kInvalid, "packed", azj_bf16_pack(s.stream, 1, 1, 1, b.x, host));
  FAILS(kInvalid, "packed", azj_bf16_unpack(s.stream, 1, 1, 1, host, b.x));
  FAILS(kInvalid, "grad_y",
        azj_bf16_activation_backward(s.stream, AZJ_RELU, 0, 1, 1, b.packed, host, b.grad_x, b.grad_bias));
  FAILS(kInvalid, "x (", azj_bf16_pool2d_forward(s.stream, &kPool, host, b.y, b.argmax));
  FAILS(kInvalid, "grad_x", azj_bf16_pool2d_backward(s.stream, &kPool, b.grad_y, b.argmax, host));
}

}  // namespace

void test_bf16_stream() {
  replay_equals_eager();
  foreign_memory();
}

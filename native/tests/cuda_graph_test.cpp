// Graphs and AUTO on the emulated device: what a replay computes, what cannot be recorded, what AUTO chooses.
#include <string>

#include "emulated_session.hpp"

namespace {

constexpr int64_t kCount = 1000;

// y += 2 x, z = relu(y), total += sum z: kernels that depend on each other and on what the last run left.
void step(azj_stream* stream, const float* x, float* y, float* z, float* total) {
  OK(azj_axpy(stream, kCount, 2, x, y));
  OK(azj_activation_forward(stream, AZJ_RELU, 0, kCount, y, z));
  OK(azj_sum(stream, kCount, 1, z, 1, total));
  OK(azj_copy(stream, y, z, sizeof(float) * kCount / 2));
}

void replay_equals_eager() {
  Emulated s;
  const auto x = random_floats(kCount, 1), y = random_floats(kCount, 2);
  std::vector<float> expected_y, expected_total;
  for (const bool recorded : {false, true}) {
    float* dx = s.upload(x);
    float* dy = s.upload(y);
    float* dz = s.alloc(kCount);
    float* total = s.upload(std::vector<float>{0});
    azj_graph* graph = nullptr;
    if (recorded) {
      OK(azj_graph_begin(s.stream));
      step(s.stream, dx, dy, dz, total);
      OK(azj_graph_end(s.stream, &graph));
      CHECK(s.download(dy, kCount) == y);  // recording runs nothing
      int64_t operations = 0;
      OK(azj_graph_size(graph, &operations));
      CHECK(operations >= 4);
    }
    for (int run = 0; run < 5; ++run) {
      if (recorded) {
        OK(azj_graph_launch(graph));
      } else {
        step(s.stream, dx, dy, dz, total);
      }
    }
    if (!recorded) {
      expected_y = s.download(dy, kCount);
      expected_total = s.download(total, 1);
    } else {
      CHECK(s.download(dy, kCount) == expected_y);
      CHECK(s.download(total, 1) == expected_total);
    }
    OK(azj_graph_close(graph));
  }
}

// Each run reads the page-locked memory anew, and writes to it.
void host_memory() {
  Emulated s;
  float* x = s.alloc(4);
  float* in = s.host_alloc(4);
  float* out = s.host_alloc(4);
  azj_graph* graph = nullptr;
  OK(azj_graph_begin(s.stream));
  OK(azj_upload_async(s.stream, x, in, 16));
  OK(azj_scale(s.stream, 4, 10, x));
  OK(azj_download_async(s.stream, out, x, 16));
  OK(azj_graph_end(s.stream, &graph));
  for (int run = 1; run <= 3; ++run) {
    for (int i = 0; i < 4; ++i) in[i] = static_cast<float>(run * 10 + i);
    OK(azj_graph_launch(graph));
    OK(azj_synchronize(s.stream));
    for (int i = 0; i < 4; ++i) CHECK(out[i] == static_cast<float>(run * 100 + i * 10));
  }
  OK(azj_host_free(s.device, in));
  s.owned_host.erase(s.owned_host.begin());
  FAILS(kInvalid, "has been freed", azj_graph_launch(graph));
  OK(azj_graph_close(graph));
}

void refused() {
  Emulated s;
  float* x = s.alloc(4);
  std::vector<float> host(4);
  azj_event* event = nullptr;
  azj_graph *graph = nullptr, *second = nullptr;
  OK(azj_event_open(s.device, &event));
  OK(azj_event_record(s.stream, event));
  FAILS(kInvalid, "records no graph", azj_graph_end(s.stream, &graph));
  FAILS(kInvalid, "stream is NULL", azj_graph_begin(nullptr));
  OK(azj_graph_begin(s.stream));
  FAILS(kInvalid, "nothing was recorded", azj_graph_end(s.stream, &graph));
  CHECK(graph == nullptr);

  OK(azj_graph_begin(s.stream));
  FAILS(kInvalid, "second graph", azj_graph_begin(s.stream));
  FAILS(kInvalid, "azj_synchronize()", azj_synchronize(s.stream));
  FAILS(kInvalid, "azj_upload()", azj_upload(s.stream, x, host.data(), 16));
  FAILS(kInvalid, "azj_download()", azj_download(s.stream, host.data(), x, 16));
  FAILS(kInvalid, "azj_event_record()", azj_event_record(s.stream, event));
  FAILS(kInvalid, "azj_event_wait()", azj_event_wait(s.stream, event));
  OK(azj_fill(s.stream, 4, 7, x));
  void* memory = nullptr;
  OK(azj_alloc(s.device, 64, &memory));  // memory is no matter of the stream
  OK(azj_free(s.device, memory));
  OK(azj_graph_end(s.stream, &graph));

  OK(azj_graph_begin(s.stream));
  FAILS(kInvalid, "azj_graph_launch()", azj_graph_launch(graph));
  OK(azj_scale(s.stream, 4, 2, x));
  OK(azj_graph_end(s.stream, &second));
  OK(azj_graph_launch(graph));
  OK(azj_graph_launch(second));
  CHECK(s.download(x, 1)[0] == 14);
  FAILS(kInvalid, "2 open graphs", azj_stream_close(s.stream));
  OK(azj_graph_close(second));

  s.release(x);
  FAILS(kInvalid, "has been freed; close the graph", azj_graph_launch(graph));
  OK(azj_graph_close(graph));
  OK(azj_graph_close(nullptr));
  FAILS(kInvalid, "graph is NULL", azj_graph_launch(nullptr));
  OK(azj_event_close(event));

  // A stream that is closed while it records discards the recording.
  azj_stream* stream = nullptr;
  float* y = s.upload(std::vector<float>{1});
  OK(azj_stream_open(s.device, 0, &stream));
  OK(azj_graph_begin(stream));
  OK(azj_scale(stream, 1, 2, y));
  OK(azj_stream_close(stream));
  CHECK(s.download(y, 1)[0] == 1);
}

void on_the_cpu() {
  const Session s(1);
  azj_graph* graph = nullptr;
  FAILS(AZJ_UNSUPPORTED, "no graphs", azj_graph_begin(s.stream));
  FAILS(AZJ_UNSUPPORTED, "no graphs", azj_graph_end(s.stream, &graph));
}

azj_gemm_desc product(int64_t m, int64_t n, int64_t k, int32_t algorithm) {
  return azj_gemm_desc{m, n, k, k, n, n, 0, 0, 1, 0, algorithm, 0};
}

void gemm_choice() {
  Emulated s;
  const azj_gemm_desc desc = product(33, 17, 9, AZJ_GEMM_AUTO);
  int32_t first = -1, again = -1;
  OK(azj_gemm_choice(s.stream, &desc, 2, &first));
  CHECK(first >= AZJ_GEMM_ONE_BLOCK && first <= AZJ_GEMM_REGISTER);
  for (int i = 0; i < 5; ++i) {
    OK(azj_gemm_choice(s.stream, &desc, 2, &again));
    CHECK(again == first);
  }
  const azj_gemm_desc named = product(3, 3, 3, AZJ_GEMM_TILED);
  OK(azj_gemm_choice(s.stream, &named, 1, &again));
  CHECK(again == AZJ_GEMM_TILED);

  // Not measured: by the environment, while recording, and without room for the operands.
  setenv("AZULEJO_MEASURE", "0", 1);
  const azj_gemm_desc unmeasured = product(34, 17, 9, AZJ_GEMM_AUTO);
  OK(azj_gemm_choice(s.stream, &unmeasured, 1, &again));
  CHECK(again == AZJ_GEMM_REGISTER);
  unsetenv("AZULEJO_MEASURE");
  const azj_gemm_desc huge = product(1 << 20, 1 << 20, 1 << 20, AZJ_GEMM_AUTO);
  OK(azj_gemm_choice(s.stream, &huge, 1, &again));
  CHECK(again == AZJ_GEMM_REGISTER);
  const azj_gemm_desc beyond = product(int64_t{1} << 30, int64_t{1} << 30, int64_t{1} << 30, AZJ_GEMM_AUTO);
  OK(azj_gemm_choice(s.stream, &beyond, 1 << 20, &again));
  CHECK(again == AZJ_GEMM_REGISTER);

  const auto a = random_floats(2 * 35 * 9, 1), b = random_floats(9 * 17, 2);
  float *da = s.upload(a), *db = s.upload(b), *c1 = s.alloc(2 * 35 * 17), *c2 = s.alloc(2 * 35 * 17);
  const azj_gemm_desc recorded = product(35, 17, 9, AZJ_GEMM_AUTO);
  azj_graph* graph = nullptr;
  OK(azj_graph_begin(s.stream));
  OK(azj_gemm_batched(s.stream, &recorded, 2, 35 * 9, 0, 35 * 17, da, db, c1));
  OK(azj_graph_end(s.stream, &graph));
  OK(azj_graph_launch(graph));
  OK(azj_gemm_batched(s.stream, &recorded, 2, 35 * 9, 0, 35 * 17, da, db, c2));
  NEAR(s.download(c1, 2 * 35 * 17), s.download(c2, 2 * 35 * 17), 1e-5);
  OK(azj_graph_close(graph));
}

void conv_choice() {
  const Emulated s;
  azj_conv2d_desc desc{};
  desc.batch = 2;
  desc.channels = desc.groups = 1;
  desc.height = desc.width = 7;
  desc.filters = 3;
  desc.kernel_h = desc.kernel_w = 3;
  desc.stride_h = desc.stride_w = desc.dilation_h = desc.dilation_w = 1;
  for (int32_t pass = AZJ_CONV_FORWARD; pass <= AZJ_CONV_GRAD_WEIGHTS; ++pass) {
    int32_t first = -1, again = -1;
    OK(azj_conv2d_algorithm(s.stream, &desc, pass, &first));
    CHECK(first >= AZJ_CONV_DIRECT && first <= AZJ_CONV_IMPLICIT_GEMM);
    OK(azj_conv2d_algorithm(s.stream, &desc, pass, &again));
    CHECK(again == first);
  }
}

// A graph keeps the workspace that it was recorded with, also when a larger product makes the stream take more.
void replay_after_a_larger_workspace() {
  Emulated s;
  constexpr int64_t kSmall = 24, kLarge = 200;
  const auto a = random_floats(kLarge * kLarge, 1), b = random_floats(kLarge * kLarge, 2);
  float *da = s.upload(a), *db = s.upload(b), *small = s.alloc(kSmall * kSmall), *large = s.alloc(kLarge * kLarge);
  const auto product = [&](int64_t n, float* c) {
    const azj_gemm_desc desc{n, n, n, n, n, n, 0, 0, 1, 0, AZJ_GEMM_HOPPER_BF16, 0};
    OK(azj_gemm(s.stream, &desc, da, db, c));
  };
  product(kSmall, small);
  const auto expected = s.download(small, kSmall * kSmall);
  OK(azj_fill(s.stream, kSmall * kSmall, 0, small));
  OK(azj_graph_begin(s.stream));
  product(kSmall, small);
  azj_graph* graph = nullptr;
  OK(azj_graph_end(s.stream, &graph));
  product(kLarge, large);
  const auto expected_large = s.download(large, kLarge * kLarge);
  OK(azj_graph_launch(graph));
  CHECK(s.download(small, kSmall * kSmall) == expected);
  // Taken while recording, it belongs to the stream as well.
  OK(azj_graph_close(graph));
  Emulated other;
  float *oa = other.upload(a), *ob = other.upload(b), *oc = other.alloc(kLarge * kLarge);
  OK(azj_graph_begin(other.stream));
  const azj_gemm_desc desc{kLarge, kLarge, kLarge, kLarge, kLarge, kLarge, 0, 0, 1, 0, AZJ_GEMM_HOPPER_BF16, 0};
  OK(azj_gemm(other.stream, &desc, oa, ob, oc));
  OK(azj_graph_end(other.stream, &graph));
  OK(azj_graph_launch(graph));
  CHECK(other.download(oc, kLarge * kLarge) == expected_large);
  OK(azj_graph_close(graph));
}

}  // namespace

int main() {
  replay_after_a_larger_workspace();
  replay_equals_eager();
  host_memory();
  refused();
  on_the_cpu();
  gemm_choice();
  conv_choice();
  return finish("cuda_graph");
}

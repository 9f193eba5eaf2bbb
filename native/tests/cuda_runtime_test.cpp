// The CUDA run time on the emulation: devices, memory, copies, streams, events, graphs, AUTO, and every misuse of them.
#include <cstddef>
#include <string>
#include <thread>

#include "cuda/architectures.hpp"
#include "emulated_session.hpp"

namespace {

void devices() {
  int32_t count = -1;
  OK(azj_device_count(AZJ_DEVICE_EMULATED, &count));
  CHECK(count == 2);
  OK(azj_device_count(AZJ_DEVICE_CUDA, &count));
  CHECK(count == 0);
  azj_device* device = nullptr;
  FAILS(AZJ_NO_DEVICE, "no CUDA backend", azj_device_open(AZJ_DEVICE_CUDA, 0, &device));
  FAILS(AZJ_NO_DEVICE, "device 2 was asked for; there are 2, ordinals 0 to 1",
        azj_device_open(AZJ_DEVICE_EMULATED, 2, &device));
  FAILS(AZJ_NO_DEVICE, "device -1 was asked for", azj_device_open(AZJ_DEVICE_EMULATED, -1, &device));
  CHECK(std::strstr(azj_build_info(), "emulated cuda") != nullptr);

  const Emulated s(1);
  azj_device_info info{};
  OK(azj_device_query(s.device, &info));
  CHECK(info.kind == AZJ_DEVICE_EMULATED && info.ordinal == 1);
  CHECK(info.capability >= 75 && info.compute_units > 0);
  CHECK(std::string(info.instruction_set) == "sm_" + std::to_string(info.capability));
  CHECK(info.total_bytes > 0 && info.free_bytes <= info.total_bytes && info.name[0] != '\0');
  int32_t threads = 0;
  OK(azj_stream_threads(s.stream, &threads));
  CHECK(threads == 1);
  void* native = nullptr;
  OK(azj_stream_native(s.stream, &native));
  CHECK(native != nullptr);
  azj_stream* other = nullptr;
  FAILS(kInvalid, "threads is 4", azj_stream_open(s.device, 4, &other));
}

void architectures() {
  using azj::cuda::runs_on;
  CHECK(!runs_on(7, 0) && !runs_on(6, 1));
  CHECK(runs_on(7, 5) && runs_on(8, 0) && runs_on(8, 7) && runs_on(8, 9) && runs_on(9, 0));
  CHECK(!runs_on(9, 1));  // 90a is for 9.0 alone, and the PTX is newer
  CHECK(runs_on(10, 0) && runs_on(10, 3) && !runs_on(11, 0));
  CHECK(runs_on(12, 0) && runs_on(12, 1) && runs_on(13, 0));
  CHECK(azj::cuda::architectures_text().find("sm_90a") != std::string::npos);
}

// What needs tensor cores is refused where there are none (AZULEJO_EMULATION_CAPABILITY=75).
void tensor_cores() {
  Emulated s;
  azj_device_info info{};
  OK(azj_device_query(s.device, &info));
  const azj_status expected = info.capability < 80 ? AZJ_UNSUPPORTED : AZJ_OK;
  float* x = s.upload(random_floats(64, 1));
  float* y = s.alloc(64);
  for (const int32_t algorithm : {AZJ_GEMM_TENSOR_TF32, AZJ_GEMM_TENSOR_BF16}) {
    const azj_gemm_desc desc{4, 4, 4, 4, 4, 4, 0, 0, 1, 0, algorithm, 0};
    CHECK(azj_gemm(s.stream, &desc, x, x, y) == expected);
  }
  for (const int32_t algorithm : {AZJ_GEMM_HOPPER_TF32, AZJ_GEMM_HOPPER_BF16}) {
    const azj_gemm_desc desc{4, 4, 4, 4, 4, 4, 0, 0, 1, 0, algorithm, 0};
    const bool hopper = info.capability == 90;
    CHECK(azj_gemm(s.stream, &desc, x, x, y) == (hopper ? AZJ_OK : AZJ_UNSUPPORTED));
    if (!hopper) CHECK(std::strstr(azj_last_error(), "compute capability 9.0") != nullptr);
  }
  for (const int32_t algorithm : {AZJ_CONV_IMPLICIT_GEMM_TF32, AZJ_CONV_IMPLICIT_GEMM_BF16}) {
    const azj_conv2d_desc desc{1, 1, 4, 4, 2, 3, 3, 1, 1, 0, 0, 1, 1, 1, 0, algorithm, AZJ_IDENTITY, 0, 0};
    CHECK(azj_conv2d_forward(s.stream, &desc, x, x, nullptr, y, nullptr, 0) == expected);
    if (expected != AZJ_OK) CHECK(std::strstr(azj_last_error(), "compute capability 8.0") != nullptr);
  }
  for (const int32_t algorithm : {AZJ_CONV_HOPPER_TF32, AZJ_CONV_HOPPER_BF16}) {
    azj_conv2d_desc desc{1, 1, 4, 4, 2, 3, 3, 1, 1, 0, 0, 1, 1, 1, 0, algorithm, AZJ_IDENTITY, 0, 0};
    int32_t chosen = 0;
    const bool hopper = info.capability == 90;
    CHECK(azj_conv2d_algorithm(s.stream, &desc, AZJ_CONV_FORWARD, &chosen) == (hopper ? AZJ_OK : AZJ_UNSUPPORTED));
    if (!hopper) CHECK(std::strstr(azj_last_error(), "compute capability 9.0") != nullptr);
    desc.stride_w = 9;
    CHECK(azj_conv2d_algorithm(s.stream, &desc, AZJ_CONV_FORWARD, &chosen) == AZJ_UNSUPPORTED);
    if (hopper) CHECK(std::strstr(azj_last_error(), "along the width they are 9, 0 and 2") != nullptr);
  }
  OK(azj_synchronize(s.stream));
}

void memory() {
  const Emulated s;
  void* memory = nullptr;
  OK(azj_alloc(s.device, 1001, &memory));
  CHECK(reinterpret_cast<uintptr_t>(memory) % 256 == 0);
  uint64_t live = 0;
  OK(azj_live_bytes(s.device, &live));
  CHECK(live == 1001);
  FAILS(kInvalid, "not a live allocation", azj_free(s.device, static_cast<char*>(memory) + 1));
  FAILS(kInvalid, "1 open streams and 1001 live bytes", azj_device_close(s.device));
  OK(azj_free(s.device, memory));
  FAILS(kInvalid, "freed already", azj_free(s.device, memory));
  OK(azj_free(s.device, nullptr));
  OK(azj_live_bytes(s.device, &live));
  CHECK(live == 0);

  // More than there is: an error with the numbers, and everything works on.
  FAILS(AZJ_OUT_OF_MEMORY, "1099511627776 bytes were asked for", azj_alloc(s.device, uint64_t{1} << 40, &memory));
  CHECK(memory == nullptr);
  FAILS(AZJ_OUT_OF_MEMORY, "are free", azj_alloc(s.device, uint64_t{1} << 40, &memory));
  OK(azj_alloc(s.device, 64, &memory));
  OK(azj_fill(s.stream, 16, 1, static_cast<float*>(memory)));
  OK(azj_synchronize(s.stream));
  OK(azj_free(s.device, memory));

  void* host = nullptr;
  OK(azj_host_alloc(s.device, 500, &host));
  FAILS(kInvalid, "500 live bytes of host memory", azj_device_close(s.device));
  FAILS(kInvalid, "not from azj_alloc()", azj_free(s.device, host));
  OK(azj_host_free(s.device, host));
  FAILS(kInvalid, "not from azj_host_alloc()", azj_host_free(s.device, host));
}

void copies() {
  Emulated s;
  const uint64_t chunk = uint64_t{1} << 20;  // the staging's
  for (const uint64_t bytes : {uint64_t{1}, uint64_t{1000}, chunk - 1, chunk, chunk + 1, 5 * chunk + 3}) {
    std::vector<uint8_t> sent(bytes), back(bytes);
    for (size_t i = 0; i < bytes; ++i) sent[i] = static_cast<uint8_t>(i * 7 + i / 251);
    auto* a = s.alloc<uint8_t>(bytes);
    auto* b = s.alloc<uint8_t>(bytes);
    const std::vector<uint8_t> original = sent;
    OK(azj_upload(s.stream, a, sent.data(), bytes));
    std::memset(sent.data(), 0, bytes);  // the memory may be reused when the call returns
    OK(azj_copy(s.stream, b, a, bytes));
    OK(azj_download(s.stream, back.data(), b, bytes));
    CHECK(back == original);

    auto* pinned = s.host_alloc<uint8_t>(2 * bytes);
    std::memcpy(pinned, original.data(), bytes);
    OK(azj_upload_async(s.stream, a, pinned, bytes));
    OK(azj_download_async(s.stream, pinned + bytes, a, bytes));
    OK(azj_synchronize(s.stream));
    CHECK(std::memcmp(pinned + bytes, original.data(), bytes) == 0);
    OK(azj_upload(s.stream, b, pinned, bytes));
    OK(azj_download(s.stream, pinned, b, bytes));
    CHECK(std::memcmp(pinned, original.data(), bytes) == 0);
  }
}

void mixed_up() {
  Emulated s, other(1);
  float* mine = s.alloc(8);
  float* theirs = other.alloc(8);
  std::vector<float> host(8);
  FAILS(kInvalid, "x (", azj_fill(s.stream, 8, 0, theirs));
  FAILS(kInvalid, "is not memory of CUDA device 0", azj_fill(s.stream, 8, 0, host.data()));
  FAILS(kInvalid, "y (", azj_axpy(s.stream, 8, 1, mine, theirs));
  FAILS(kInvalid, "device_src", azj_copy(s.stream, mine, theirs, 32));
  FAILS(kInvalid, "device_dst", azj_upload(s.stream, host.data(), mine, 32));
  FAILS(kInvalid, "host_src", azj_upload(s.stream, mine, theirs, 32));
  FAILS(kInvalid, "device memory", azj_download(s.stream, theirs, mine, 32));
  FAILS(kInvalid, "32 bytes to the end of its allocation; the call touches 33",
        azj_upload(s.stream, mine, std::vector<char>(33).data(), 33));
  FAILS(kInvalid, "not from azj_host_alloc() of this device", azj_upload_async(s.stream, mine, host.data(), 32));
  FAILS(kInvalid, "not from azj_host_alloc() of this device", azj_download_async(s.stream, host.data(), mine, 32));
  auto* pinned = other.host_alloc(8);
  FAILS(kInvalid, "host_src", azj_upload_async(s.stream, mine, pinned, 32));
  FAILS(kInvalid, "to the end of its allocation there are 32", azj_upload_async(other.stream, theirs, pinned, 36));
  FAILS(kInvalid, "this device", azj_free(s.device, theirs));
  OK(azj_fill(s.stream, 8, 0, mine));  // nothing of this has harmed a device
  OK(azj_synchronize(s.stream));
  float* freed = s.alloc(8);
  s.release(freed);
  FAILS(kInvalid, "was freed", azj_fill(s.stream, 8, 0, freed));

  azj_event* event = nullptr;
  OK(azj_event_open(other.device, &event));
  FAILS(kInvalid, "different devices", azj_event_record(s.stream, event));
  OK(azj_event_record(other.stream, event));
  FAILS(kInvalid, "different devices", azj_event_wait(s.stream, event));
  OK(azj_event_close(event));
}

void events() {
  Emulated s;
  azj_event *start = nullptr, *end = nullptr;
  OK(azj_event_open(s.device, &start));
  OK(azj_event_open(s.device, &end));
  double milliseconds = -1;
  FAILS(kInvalid, "never recorded", azj_event_synchronize(start));
  FAILS(kInvalid, "never recorded", azj_event_wait(s.stream, start));
  OK(azj_event_record(s.stream, start));
  FAILS(kInvalid, "never recorded", azj_event_elapsed(start, end, &milliseconds));
  float* x = s.alloc(100000);
  OK(azj_fill(s.stream, 100000, 1, x));
  OK(azj_event_record(s.stream, end));
  azj_stream* other = nullptr;
  OK(azj_stream_open(s.device, 0, &other));
  OK(azj_event_wait(other, end));
  OK(azj_scale(other, 100000, 2, x));
  OK(azj_stream_close(other));
  OK(azj_event_synchronize(end));
  OK(azj_event_elapsed(start, end, &milliseconds));
  CHECK(milliseconds > 0 && milliseconds < 60000);
  CHECK(s.download(x, 3) == std::vector<float>({2, 2, 2}));
  FAILS(kInvalid, "2 open events", azj_device_close(s.device));
  FAILS(kInvalid, "event is NULL", azj_event_record(s.stream, nullptr));
  OK(azj_event_close(start));
  OK(azj_event_close(end));
  OK(azj_event_close(nullptr));
}

// Two streams of one device in two threads, each with its own memory.
void threads() {
  Emulated s;
  const auto work = [&](uint32_t seed) {
    azj_stream* stream = nullptr;
    OK(azj_stream_open(s.device, 0, &stream));
    for (int round = 0; round < 20; ++round) {
      void* memory = nullptr;
      OK(azj_alloc(s.device, 4096, &memory));
      const auto sent = random_floats(1024, seed + static_cast<uint32_t>(round));
      std::vector<float> back(1024);
      OK(azj_upload(stream, memory, sent.data(), 4096));
      OK(azj_scale(stream, 1024, 2, static_cast<float*>(memory)));
      OK(azj_download(stream, back.data(), memory, 4096));
      bool doubled = true;
      for (size_t i = 0; i < back.size(); ++i) doubled = doubled && back[i] == 2 * sent[i];
      CHECK(doubled);
      OK(azj_free(s.device, memory));
    }
    OK(azj_stream_close(stream));
  };
  std::thread first(work, 1u), second(work, 1000u);
  first.join();
  second.join();
}

}  // namespace

int main() {
  devices();
  architectures();
  tensor_cores();
  memory();
  copies();
  mixed_up();
  events();
  threads();
  return finish("cuda_runtime");
}

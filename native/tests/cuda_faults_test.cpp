// Every call that the library makes of CUDA fails once, in each of the ways that matter: the caller gets a status and a
// text, nothing leaks, and the process carries on. The failures are injected into the emulation.
#include <map>
#include <sstream>
#include <string>

#include "emulated_session.hpp"

namespace {

// cudaError_t
constexpr int32_t kInvalidValue = 1, kMemoryAllocation = 2, kStubLibrary = 34, kInsufficientDriver = 35,
                  kNoDevice = 100, kInvalidDevice = 101, kNoKernelImage = 209, kEccUncorrectable = 214,
                  kIllegalAddress = 700, kLaunchFailure = 719, kSystemNotReady = 802;

struct Outcome {
  azj_status status = AZJ_OK;  // of the first call that failed
  std::string text;

  bool ok(azj_status result) {
    if (result != AZJ_OK && status == AZJ_OK) {
      status = result;
      text = azj_last_error();
    }
    return result == AZJ_OK;
  }
};

// What a program does with a device, stopping at the first failure, and giving everything back in any case.
class Program {
 public:
  explicit Program(int32_t ordinal) {
    if (open(ordinal)) operate() && replay();
    close();
  }
  const Outcome& outcome() const { return outcome_; }

 private:
  bool open(int32_t ordinal) {
    azj_device_info info{};
    return outcome_.ok(azj_device_count(AZJ_DEVICE_EMULATED, &count_)) &&
           outcome_.ok(azj_device_open(AZJ_DEVICE_EMULATED, ordinal, &device_)) &&
           outcome_.ok(azj_device_query(device_, &info)) && outcome_.ok(azj_stream_open(device_, 0, &stream_)) &&
           outcome_.ok(azj_stream_open(device_, 0, &second_)) && outcome_.ok(azj_event_open(device_, &start_)) &&
           outcome_.ok(azj_event_open(device_, &end_)) && outcome_.ok(azj_alloc(device_, kBytes, &x_)) &&
           outcome_.ok(azj_alloc(device_, kBytes, &y_)) && outcome_.ok(azj_host_alloc(device_, kBytes, &pinned_));
  }

  bool operate() {
    float *x = static_cast<float*>(x_), *y = static_cast<float*>(y_);
    const azj_gemm_desc product{5, 6, 7, 7, 6, 6, 0, 0, 1, 0, AZJ_GEMM_AUTO, 0};
    std::vector<float> host(kCount, 1);
    double milliseconds = 0;
    void* early = nullptr;
    std::memset(pinned_, 0, kBytes);
    return outcome_.ok(azj_event_record(stream_, start_)) &&
           outcome_.ok(azj_upload(stream_, x, host.data(), kBytes)) &&
           outcome_.ok(azj_upload(stream_, y, host.data(), kBytes)) &&
           outcome_.ok(azj_upload(stream_, y, host.data(), kBytes)) &&
           outcome_.ok(azj_upload_async(stream_, y, pinned_, kBytes)) &&
           outcome_.ok(azj_copy(stream_, y, x, kBytes / 2)) && outcome_.ok(azj_axpy(stream_, kCount, 2, x, y)) &&
           outcome_.ok(azj_sum(stream_, kCount, 1, x, 0, y)) && outcome_.ok(azj_gemm(stream_, &product, x, x + 64, y)) &&
           outcome_.ok(azj_event_record(stream_, end_)) && outcome_.ok(azj_event_wait(second_, end_)) &&
           outcome_.ok(azj_event_elapsed(start_, end_, &milliseconds)) &&
           outcome_.ok(azj_alloc(device_, 64, &early)) && outcome_.ok(free_early(early)) &&
           outcome_.ok(azj_download_async(stream_, pinned_, x, kBytes)) &&
           outcome_.ok(azj_download(stream_, host.data(), y, kBytes)) && outcome_.ok(azj_synchronize(stream_));
  }

  bool replay() {
    auto* x = static_cast<float*>(x_);
    if (!outcome_.ok(azj_graph_begin(stream_))) return false;
    const bool recorded = outcome_.ok(azj_scale(stream_, kCount, 2, x));
    const bool ended = outcome_.ok(azj_graph_end(stream_, &graph_));
    return recorded && ended && outcome_.ok(azj_graph_launch(graph_)) && outcome_.ok(azj_synchronize(stream_));
  }

  // A free that fails leaves the memory with its owner, who may try again.
  azj_status free_early(void* memory) {
    const azj_status status = azj_free(device_, memory);
    const std::string text = azj_last_error();
    if (status != AZJ_OK) {
      outcome_.status = status;
      outcome_.text = text;
      OK(azj_free(device_, memory));
    }
    return status;
  }

  // Each close is tried twice: the injected failure comes once.
  void close() {
    twice([&] { return azj_graph_close(graph_); });
    for (azj_stream* stream : {stream_, second_}) outcome_.ok(azj_stream_close(stream));  // closed in any case
    twice([&] { return azj_event_close(start_); });
    twice([&] { return azj_event_close(end_); });
    if (device_ == nullptr) return;
    for (void* memory : {x_, y_}) twice([&] { return azj_free(device_, memory); });
    twice([&] { return azj_host_free(device_, pinned_); });
    twice([&] { return azj_device_close(device_); });
  }

  template <class Close>
  void twice(Close&& close) {
    if (!outcome_.ok(close())) OK(close());
  }

  static constexpr int64_t kCount = 400;
  static constexpr uint64_t kBytes = kCount * sizeof(float);

  Outcome outcome_;
  int32_t count_ = 0;
  azj_device* device_ = nullptr;
  azj_stream *stream_ = nullptr, *second_ = nullptr;
  azj_event *start_ = nullptr, *end_ = nullptr;
  azj_graph* graph_ = nullptr;
  void *x_ = nullptr, *y_ = nullptr, *pinned_ = nullptr;
};

std::map<std::string, int> calls_of_a_program() {
  azj_emulation_reset();
  const Program program(0);
  CHECK(program.outcome().status == AZJ_OK);
  std::string text(static_cast<size_t>(azj_emulation_calls(nullptr, 0)), '\0');
  azj_emulation_calls(&text[0], static_cast<int64_t>(text.size()));
  std::map<std::string, int> calls;
  std::istringstream lines(text.c_str());
  std::string name;
  for (int count = 0; lines >> name >> count;) calls[name] = count;
  return calls;
}

// Failures of these inside destructors, or while another failure is told, are nobody's to hear.
bool may_be_silent(const std::string& function) {
  for (const char* name : {"Destroy", "cudaFree", "cudaMemPoolTrimTo", "cudaGetLastError", "Version", "cudaStreamEndCapture",
                           "cudaSetDevice", "cudaStreamSynchronize"}) {
    if (function.find(name) != std::string::npos) return true;
  }
  return false;
}

bool releases(const std::string& function) {
  return function.find("cudaFree") != std::string::npos || function.find("Destroy") != std::string::npos;
}

void check_outcome(const std::string& function, int nth, int32_t error, azj_status expected, const Outcome& outcome) {
  const bool silent = outcome.status == AZJ_OK;
  const bool told = outcome.status == expected && !outcome.text.empty();
  if (!(told || (silent && (may_be_silent(function) || expected == AZJ_NO_DEVICE)))) {
    ++failures;
    std::printf("call %d of %s with error %d: %s, \"%s\"\n", nth, function.c_str(), error,
                azj_status_name(outcome.status), outcome.text.c_str());
  }
}

void every_call_fails_once() {
  // How often AUTO runs each algorithm depends on the time; see choosing_fails().
  setenv("AZULEJO_MEASURE", "0", 1);
  const auto calls = calls_of_a_program();
  CHECK(calls.size() > 25);
  const struct {
    int32_t error;
    azj_status status;
  } kinds[] = {{kInvalidValue, AZJ_INTERNAL},
               {kMemoryAllocation, AZJ_OUT_OF_MEMORY},
               {kIllegalAddress, AZJ_DEVICE_LOST},
               {kEccUncorrectable, AZJ_DEVICE_LOST},
               {kNoKernelImage, AZJ_NO_DEVICE}};
  int64_t injected = 0;
  for (const auto& [function, count] : calls) {
    for (const auto& kind : kinds) {
      for (int nth = 1; nth <= count; ++nth) {
        azj_emulation_reset();
        { const Emulated current; }  // an error of a call without a device is the calling thread's current device's
        CHECK(azj_emulation_inject(function.c_str(), nth, kind.error) == 0);
        check_outcome(function, nth, kind.error, kind.status, Program(0).outcome());
        ++injected;
        if (kind.status != AZJ_DEVICE_LOST && !releases(function)) {
          CHECK(azj_emulation_live_bytes(0) == 0);
          CHECK(azj_emulation_live_bytes(-1) == 0);
        }
        CHECK(azj_emulation_inject(function.c_str(), 1, 0) == 0);
        // The process carries on: with the other device always, with this one unless it was lost.
        const Program next(kind.status == AZJ_DEVICE_LOST ? 1 : 0);
        if (next.outcome().status != AZJ_OK) {
          ++failures;
          std::printf("after call %d of %s with error %d: %s\n", nth, function.c_str(), kind.error,
                      next.outcome().text.c_str());
        }
      }
    }
  }
  azj_emulation_reset();
  unsetenv("AZULEJO_MEASURE");
  std::printf("%lld failures of %zu functions injected\n", static_cast<long long>(injected), calls.size());
}

// AUTO measures: its failures are told, its memory is given back, and the next try measures again.
void choosing_fails() {
  int64_t m = 100;
  for (const char* function : {"cudaMemGetInfo", "cudaMallocAsync", "cudaMemsetAsync", "cudaEventCreateWithFlags",
                               "cudaEventRecord", "cudaEventSynchronize", "cudaEventElapsedTime", "cudaLaunchKernelExC"}) {
    azj_emulation_reset();
    {
      const Emulated s;
      const azj_gemm_desc product{++m, 2, 3, 3, 2, 2, 0, 0, 1, 0, AZJ_GEMM_AUTO, 0};
      int32_t algorithm = -1;
      const int64_t before = azj_emulation_live_bytes(0);
      azj_emulation_inject(function, 1, kInvalidValue);
      FAILS(AZJ_INTERNAL, function, azj_gemm_choice(s.stream, &product, 1, &algorithm));
      void* memory = nullptr;
      OK(azj_alloc(s.device, 512, &memory));  // waits for what was freed
      CHECK(azj_emulation_live_bytes(0) == before + 512);
      OK(azj_free(s.device, memory));
      OK(azj_gemm_choice(s.stream, &product, 1, &algorithm));
      CHECK(algorithm >= AZJ_GEMM_ONE_BLOCK && algorithm <= AZJ_GEMM_REGISTER);
    }
    CHECK(azj_emulation_live_bytes(0) == 0);
  }
}

void no_driver() {
  azj_emulation_reset();
  int32_t count = -1;
  azj_device* device = nullptr;
  azj_emulation_inject("cudaGetDeviceCount", 1, kInsufficientDriver);
  OK(azj_device_count(AZJ_DEVICE_EMULATED, &count));
  CHECK(count == 0);
  azj_emulation_inject("cudaGetDeviceCount", 1, kInsufficientDriver);
  FAILS(AZJ_NO_DEVICE, "driver is too old: it supports CUDA 13.0", azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
  azj_emulation_inject("cudaGetDeviceCount", 1, kInsufficientDriver);
  azj_emulation_inject("cudaDriverGetVersion", 1, kNoDevice);
  FAILS(AZJ_NO_DEVICE, "no NVIDIA driver was found", azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
  azj_emulation_inject("cudaGetDeviceCount", 1, kNoDevice);
  FAILS(AZJ_NO_DEVICE, "sees no GPU", azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
  azj_emulation_inject("cudaGetDeviceCount", 1, kStubLibrary);
  FAILS(AZJ_NO_DEVICE, "the toolkit's stub", azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
  azj_emulation_inject("cudaGetDeviceCount", 1, kSystemNotReady);
  FAILS(AZJ_NO_DEVICE, "gives no device; check nvidia-smi", azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
  azj_emulation_inject("cudaGetDeviceProperties", 1, kInvalidDevice);
  FAILS(AZJ_NO_DEVICE, "no CUDA device of that number", azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
  CHECK(device == nullptr);
  OK(azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
  // Out of memory where nobody asked for a number of bytes, and the device does not say how much is free.
  azj_event* event = nullptr;
  azj_emulation_inject("cudaEventCreateWithFlags", 1, kMemoryAllocation);
  FAILS(AZJ_OUT_OF_MEMORY, "bytes are free", azj_event_open(device, &event));
  azj_emulation_inject("cudaEventCreateWithFlags", 1, kMemoryAllocation);
  azj_emulation_inject("cudaMemGetInfo", 1, kInvalidValue);
  FAILS(AZJ_OUT_OF_MEMORY, "cudaEventCreateWithFlags", azj_event_open(device, &event));
  OK(azj_device_close(device));
}

// A kernel that reads beyond its memory: told at the next wait, then at once by every call; the other device works.
void lost_device() {
  azj_emulation_reset();
  Emulated other(1);
  float* theirs = other.upload(std::vector<float>{1, 2, 3});
  azj_device* device = nullptr;
  azj_stream* stream = nullptr;
  azj_event* event = nullptr;
  void *memory = nullptr, *pinned = nullptr, *more = nullptr;
  OK(azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
  OK(azj_stream_open(device, 0, &stream));
  OK(azj_event_open(device, &event));
  OK(azj_alloc(device, 64, &memory));
  OK(azj_host_alloc(device, 64, &pinned));
  auto* x = static_cast<float*>(memory);
#ifdef AZJ_EMULATION_CHECKED
  const azj_status launched = azj_fill(stream, 1 << 24, 1, x);
#else
  // A sanitizer would end the process at the first write beyond x.
  const azj_status launched = azj_fill(stream, 16, 1, x);
  azj_emulation_inject("cudaStreamSynchronize", 1, kIllegalAddress);
#endif
  const azj_status status = launched == AZJ_OK ? azj_synchronize(stream) : launched;
  CHECK(status == AZJ_DEVICE_LOST);
  CHECK(std::strstr(azj_last_error(), "illegal memory access") != nullptr);
  CHECK(std::strlen(azj_emulation_fault()) > 0);

  FAILS(AZJ_DEVICE_LOST, "was lost in an earlier call", azj_synchronize(stream));
  FAILS(AZJ_DEVICE_LOST, "illegal memory access", azj_fill(stream, 4, 1, x));
  FAILS(AZJ_DEVICE_LOST, "was lost", azj_alloc(device, 64, &more));
  FAILS(AZJ_DEVICE_LOST, "was lost", azj_host_alloc(device, 64, &more));
  FAILS(AZJ_DEVICE_LOST, "was lost", azj_event_record(stream, event));
  FAILS(AZJ_DEVICE_LOST, "was lost", azj_graph_begin(stream));
  azj_device_info info{};
  FAILS(AZJ_DEVICE_LOST, "was lost", azj_device_query(device, &info));
  azj_stream* another = nullptr;
  FAILS(AZJ_DEVICE_LOST, "was lost", azj_stream_open(device, 0, &another));

  OK(azj_scale(other.stream, 3, 2, theirs));
  CHECK(other.download(theirs, 3) == std::vector<float>({2, 4, 6}));

  uint64_t live = 1;
  OK(azj_event_close(event));
  OK(azj_stream_close(stream));
  OK(azj_free(device, memory));
  OK(azj_host_free(device, pinned));
  OK(azj_live_bytes(device, &live));
  CHECK(live == 0);
  OK(azj_device_close(device));
  FAILS(AZJ_DEVICE_LOST, "the device is lost to this process", azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
}

// A stream whose work fails while it is being closed is closed, and says what happened.
void lost_while_closing() {
  azj_emulation_reset();
  azj_device* device = nullptr;
  azj_stream* stream = nullptr;
  OK(azj_device_open(AZJ_DEVICE_EMULATED, 0, &device));
  OK(azj_stream_open(device, 0, &stream));
  azj_emulation_inject("cudaStreamSynchronize", 1, kLaunchFailure);
  FAILS(AZJ_DEVICE_LOST, "cudaErrorLaunchFailure", azj_stream_close(stream));
  OK(azj_device_close(device));
  azj_emulation_reset();
}

}  // namespace

int main() {
  every_call_fails_once();
  choosing_fails();
  no_driver();
  lost_device();
  lost_while_closing();
  return finish("cuda_faults");
}

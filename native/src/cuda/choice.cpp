#include "choice.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>

#include "choice_file.hpp"

namespace azj::cuda {

namespace {

// Beyond the first, which also loads the kernel: as many runs as fit this time, at most kRuns. The quickest counts.
constexpr double kMilliseconds = 5;
constexpr int kRuns = 5;

// The choices of one device.
struct Remembered {
  explicit Remembered(const CudaDevice& device) : file(device) {}

  std::map<ChoiceKey, int32_t> choices;
  ChoiceFile file;
};

std::mutex mutex;  // of all that is remembered

Remembered& remembered(const CudaDevice& device) {
  static std::map<int32_t, Remembered> all;  // by ordinal
  const auto found = all.find(device.ordinal());
  return found != all.end() ? found->second : all.emplace(device.ordinal(), device).first->second;
}

bool measuring() {
  const char* text = std::getenv("AZULEJO_MEASURE");
  return text == nullptr || std::strcmp(text, "0") != 0;
}

class Stopwatch {
 public:
  explicit Stopwatch(cudaStream_t stream) : stream_(stream) {
    check(cudaEventCreateWithFlags(start_.address(), cudaEventDefault), "cudaEventCreateWithFlags");
    check(cudaEventCreateWithFlags(end_.address(), cudaEventDefault), "cudaEventCreateWithFlags");
  }

  template <class Body>
  double milliseconds(Body&& body) {
    check(cudaEventRecord(start_.get(), stream_), "cudaEventRecord");
    body();
    check(cudaEventRecord(end_.get(), stream_), "cudaEventRecord");
    check(cudaEventSynchronize(end_.get()), "cudaEventSynchronize");
    float time = 0;
    check(cudaEventElapsedTime(&time, start_.get(), end_.get()), "cudaEventElapsedTime");
    return static_cast<double>(time);
  }

 private:
  const cudaStream_t stream_;
  EventHandle start_, end_;
};

// Whatever happens, the stream's work is done before its buffers go.
struct Wait {
  const cudaStream_t stream;
  ~Wait() { ignore(cudaStreamSynchronize(stream)); }
};

double measure(Stopwatch& stopwatch, const Candidate& candidate, char* memory) {
  double best = stopwatch.milliseconds([&] { candidate.run(memory); });
  double spent = best;
  for (int run = 0; run < kRuns && spent < kMilliseconds; ++run) {
    const double time = stopwatch.milliseconds([&] { candidate.run(memory); });
    best = std::min(best, time);
    spent += time;
  }
  return best;
}

}  // namespace

int32_t choose(CudaDevice& device, cudaStream_t stream, bool recording, ChoiceKey key,
               const std::vector<Candidate>& candidates) {
  const int32_t unmeasured = candidates.front().algorithm;
  {
    std::lock_guard<std::mutex> lock(mutex);
    Remembered& known = remembered(device);
    const auto found = known.choices.find(key);
    if (found != known.choices.end()) return found->second;
    if (!measuring()) return unmeasured;
    if (const int32_t* before = known.file.find(key, candidates)) {
      return known.choices.emplace(std::move(key), *before).first->second;
    }
  }
  if (recording) return unmeasured;
  uint64_t bytes = 0;
  for (const Candidate& candidate : candidates) bytes = std::max(bytes, candidate.bytes);
  size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  if (bytes > free / 2) return unmeasured;

  const Scratch scratch(device, bytes);
  const Wait wait{stream};
  char* const memory = scratch.as<char>();
  check(cudaMemsetAsync(memory, 0, bytes, stream), "cudaMemsetAsync");
  Stopwatch stopwatch(stream);
  int32_t best = unmeasured;
  double best_time = std::numeric_limits<double>::infinity();
  for (const Candidate& candidate : candidates) {
    try {
      const double time = measure(stopwatch, candidate, memory);
      if (time < best_time) {
        best = candidate.algorithm;
        best_time = time;
      }
    } catch (const Error& error) {
      if (error.status() != AZJ_UNSUPPORTED) throw;
    }
  }
  // Another thread may have measured the same meanwhile: the first choice stays.
  std::lock_guard<std::mutex> lock(mutex);
  Remembered& known = remembered(device);
  const auto [choice, first] = known.choices.emplace(std::move(key), best);
  if (first) known.file.add(choice->first, candidates, best, best_time);
  return choice->second;
}

}  // namespace azj::cuda

#include "event.hpp"

#include <atomic>
#include <chrono>

namespace azj::cpu {

namespace {

class CpuEvent final : public azj_event {
 public:
  using azj_event::azj_event;

  void record(azj_stream&) override { nanoseconds_.store(now()); }
  void synchronize() override { require(); }
  void wait(azj_stream&) override { require(); }
  double milliseconds_since(azj_event& start) override {
    return static_cast<double>(require() - static_cast<CpuEvent&>(start).require()) * 1e-6;
  }

 private:
  static constexpr int64_t kNever = INT64_MIN;

  static int64_t now() {
    const auto time = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  }

  int64_t require() const {
    const int64_t time = nanoseconds_.load();
    if (time == kNever) fail(AZJ_INVALID_ARGUMENT, "the event was never recorded; call azj_event_record() first");
    return time;
  }

  std::atomic<int64_t> nanoseconds_{kNever};
};

}  // namespace

std::unique_ptr<azj_event> open_event(azj_device& device) { return std::make_unique<CpuEvent>(device); }

}  // namespace azj::cpu

#include "team.hpp"

#include <pthread.h>
#include <sched.h>

#include <chrono>

namespace azj::cpu {

namespace {

// Operations of one training step follow each other within a few microseconds; a worker that slept in between would
// cost more to wake than it computes. Longer gaps give the processor back.
constexpr auto kSpin = std::chrono::microseconds(50);

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

Team::Team(int threads) : threads_(threads), shares_(static_cast<size_t>(threads - 1)) {
  if (sched_getaffinity(0, sizeof allowed_, &allowed_) != 0) CPU_ZERO(&allowed_);  // more processors than a set holds
  workers_.reserve(static_cast<size_t>(threads - 1));
  try {
    for (int t = 1; t < threads; ++t) workers_.emplace_back([this, t] { work(t); });
  } catch (...) {  // the system gave fewer threads: end those that started, then say so
    closing_ = true;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_.fetch_add(1);
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
    throw;
  }
}

Team::~Team() {
  closing_ = true;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    job_.fetch_add(1);
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void Team::run(void (*task)(void*, int), void* context) {
  if (threads_ == 1) {
    task(context, 0);
    return;
  }
  task_ = task;
  context_ = context;
  const uint64_t job = job_.load(std::memory_order_relaxed) + 1;
  job_.store(job);  // sequentially consistent, with sleeping_: either we see the sleeper or it sees the job
  if (sleeping_.load() > 0) {
    keep_workers_off_this_processor();
    std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_all();
  }
  task(context, 0);
  for (int t = 1; t < threads_; ++t) {
    if (claim(t, job)) {
      task(context, t);
      shares_[t - 1].done.store(job, std::memory_order_relaxed);
    }
  }
  for (int t = 1; t < threads_; ++t) await_done(t, job);
}

// Where the system refuses, only speed is lost.
void Team::keep_workers_off_this_processor() {
  const int processor = sched_getcpu();
  if (processor == avoided_) return;
  avoided_ = processor;
  cpu_set_t others = allowed_;
  if (processor >= 0) CPU_CLR(static_cast<size_t>(processor), &others);
  if (CPU_COUNT(&others) == 0) return;
  for (std::thread& worker : workers_) pthread_setaffinity_np(worker.native_handle(), sizeof others, &others);
}

// Once for each share and job: who comes late, even jobs later, finds it taken.
bool Team::claim(int thread, uint64_t job) {
  std::atomic<uint64_t>& claimed = shares_[thread - 1].claimed;
  uint64_t before = job - 1;
  return claimed.load(std::memory_order_relaxed) == before &&
         claimed.compare_exchange_strong(before, job, std::memory_order_acq_rel, std::memory_order_relaxed);
}

void Team::await_done(int thread, uint64_t job) {
  const std::atomic<uint64_t>& done = shares_[thread - 1].done;
  for (int spins = 0; done.load(std::memory_order_acquire) != job; ++spins) {
    if (spins < 4096) {
      pause();
    } else {
      std::this_thread::yield();  // more threads than processors: let the others finish
    }
  }
}

uint64_t Team::await_job(uint64_t seen) {
  const auto until = std::chrono::steady_clock::now() + kSpin;
  for (int spins = 0;; ++spins) {
    const uint64_t job = job_.load(std::memory_order_acquire);
    if (job != seen) return job;
    pause();
    if ((spins & 63) == 63 && std::chrono::steady_clock::now() >= until) break;
  }
  std::unique_lock<std::mutex> lock(mutex_);
  sleeping_.fetch_add(1);
  wake_.wait(lock, [&] { return job_.load() != seen; });
  sleeping_.fetch_sub(1);
  return job_.load();
}

void Team::work(int thread) {
  uint64_t seen = 0;
  for (;;) {
    seen = await_job(seen);
    if (closing_) return;
    if (!claim(thread, seen)) continue;
    task_(context_, thread);
    shares_[thread - 1].done.store(seen, std::memory_order_release);
  }
}

}  // namespace azj::cpu

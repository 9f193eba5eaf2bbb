// A team of threads that stays alive as long as its stream, and splits loops statically, so that the same thread count
// always sums in the same order.
//
// A worker that slept needs 40 to 130 microseconds to run again: many operations take less. So nobody waits for a
// worker that has not begun: each takes its share by a claim, and the caller claims what is left when its own is done.
// Some systems wake a thread on the processor of the one that wakes it, where the two would take turns; so a caller
// that wakes workers forbids them its own processor first.
//
// Why not OpenMP's run time: libgomp would be the library's only run-time dependency (its static archive cannot be
// linked into a shared object), slim container images lack it, and its threads outlive the stream that used them.
// The inner loops keep OpenMP's `#pragma omp simd`, which needs no run time.
#pragma once

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace azj::cpu {

class Team {
 public:
  explicit Team(int threads);  // the calling thread is one of them
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int threads() const { return threads_; }

  // task(context, t) once for every t in 0..threads-1, at most `threads` of them at a time; returns when all are done.
  // The task must not throw.
  void run(void (*task)(void* context, int thread), void* context);

  // body(begin, end, thread) over a static split of 0..count-1 into one contiguous range a thread, of whole multiples
  // of `grain`; threads without a range are not called.
  template <class Body>
  void parallel(int64_t count, int64_t grain, Body&& body) {
    if (threads_ == 1 || count <= grain) {
      if (count > 0) body(int64_t{0}, count, 0);
      return;
    }
    struct Context {
      Body* body;
      int64_t count, grain;
      int threads;
    } context{&body, count, grain, threads_};
    run(
        [](void* opaque, int thread) {
          const Context& c = *static_cast<Context*>(opaque);
          const int64_t units = (c.count + c.grain - 1) / c.grain;
          const int64_t begin = units * thread / c.threads * c.grain;
          const int64_t end = units * (thread + 1) / c.threads * c.grain;
          const int64_t last = end < c.count ? end : c.count;
          if (begin < last) (*c.body)(begin, last, thread);
        },
        &context);
  }

  // body(begin, end, range) over ranges 0..n-1 of at least `least` of 0..count-1, as equal as they can be, at most one a
  // thread. Returns n.
  template <class Body>
  int share(int64_t count, int64_t least, Body&& body) {
    const int64_t most = count / least;
    const int64_t ranges = most < 1 ? 1 : most < threads_ ? most : threads_;
    parallel(ranges, 1, [&](int64_t first, int64_t last, int) {
      for (int64_t r = first; r < last; ++r) body(count * r / ranges, count * (r + 1) / ranges, static_cast<int>(r));
    });
    return static_cast<int>(ranges);
  }

 private:
  // Of one worker, on a cache line of its own. Both count jobs: a share is free while `claimed` is one behind.
  struct alignas(64) Share {
    std::atomic<uint64_t> claimed{0}, done{0};
  };

  void work(int thread);
  uint64_t await_job(uint64_t seen);
  bool claim(int thread, uint64_t job);
  void keep_workers_off_this_processor();
  void await_done(int thread, uint64_t job);

  int threads_;
  void (*task_)(void*, int) = nullptr;
  void* context_ = nullptr;
  std::vector<Share> shares_;  // of the workers 1..threads-1
  // Each on its own cache line: the team spins on `job_`.
  alignas(64) std::atomic<uint64_t> job_{0};
  alignas(64) std::atomic<int> sleeping_{0};
  std::atomic<bool> closing_{false};
  cpu_set_t allowed_{};  // processors of who opened the team
  int avoided_ = -1;     // the one that the workers keep off
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

}  // namespace azj::cpu

#include "runner.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>

#include "signals.hpp"

namespace azj::emulation {

namespace {

constexpr int kMaxWorkers = 16;

// Signals meant for the program are not taken by the threads made while this lives.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) sigdelset(&all, number);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_;
};

// The threads run code of this library for as long as the process lives, so it must not be unloaded.
void stay_loaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&stay_loaded), &info) != 0 && info.dli_fname != nullptr) {
    dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  }
}

class Runner {
 public:
  // Never destroyed: its threads live as long as the process.
  static Runner& instance() {
    static Runner* runner = new Runner;
    return *runner;
  }

  void run(const std::function<void()>& work) {
    std::unique_lock<std::mutex> lock(mutex_);
    work_ = &work;
    ++requested_;
    main_wakes_.notify_one();
    done_.wait(lock, [this] { return completed_ == requested_; });
  }

  Fault run(Grid& grid) {
    if (scheduler_ == nullptr) scheduler_ = new Scheduler;
    bool shared = grid.blocks > 1 && (workers_ > 1 || grid.cluster != nullptr);
    if (grid.cluster != nullptr) start_helpers(static_cast<int>(grid.cluster->size()) - 1);
    if (shared) {
      std::lock_guard<std::mutex> lock(grid_mutex_);
      fault_ = Fault{};
      grid_ = &grid;
      ++generation_;
      workers_wake_.notify_all();
    }
    scheduler_->run(grid);
    if (!shared) return scheduler_->fault();
    std::unique_lock<std::mutex> lock(grid_mutex_);
    grid_ = nullptr;
    keep(grid, scheduler_->fault());
    grid_done_.wait(lock, [this] { return helping_ == 0; });
    return fault_;
  }

  int workers() const { return workers_; }

 private:
  Runner() : workers_(worker_count()) {
    stay_loaded();
    install_signal_handlers();
    BlockedSignals blocked;
    std::thread([this] { main(); }).detach();
    start_helpers(workers_ - 1);
  }

  // A cluster takes an OS thread for each of its blocks.
  void start_helpers(int count) {
    BlockedSignals blocked;
    for (; helpers_ < count; ++helpers_) std::thread([this] { help(); }).detach();
  }

  void main() {
    give_signal_stack();
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      main_wakes_.wait(lock, [this] { return completed_ != requested_; });
      lock.unlock();
      (*work_)();
      lock.lock();
      completed_ = requested_;
      done_.notify_one();
    }
  }

  void help() {
    give_signal_stack();
    Scheduler* scheduler = new Scheduler;  // as long-lived as the thread
    uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(grid_mutex_);
    for (;;) {
      workers_wake_.wait(lock, [this, seen] { return grid_ != nullptr && generation_ != seen; });
      seen = generation_;
      Grid& grid = *grid_;
      ++helping_;
      lock.unlock();
      scheduler->run(grid);
      lock.lock();
      keep(grid, scheduler->fault());
      if (--helping_ == 0) grid_done_.notify_one();
    }
  }

  // With grid_mutex_ held: the fault of the lowest block counts.
  void keep(Grid& grid, const Fault& fault) {
    if (fault.error == cudaSuccess || fault.block >= grid.first_faulty.load()) return;
    grid.first_faulty = fault.block;
    fault_ = fault;
  }

  const int workers_;
  int helpers_ = 0;

  std::mutex mutex_;
  std::condition_variable main_wakes_, done_;
  const std::function<void()>* work_ = nullptr;
  uint64_t requested_ = 0, completed_ = 0;

  Scheduler* scheduler_ = nullptr;  // of the main thread
  std::mutex grid_mutex_;
  std::condition_variable workers_wake_, grid_done_;
  Grid* grid_ = nullptr;
  uint64_t generation_ = 0;
  int helping_ = 0;
  Fault fault_;
};

}  // namespace

int worker_count() {
  if (const char* asked = std::getenv("AZULEJO_EMULATION_THREADS")) {
    int count = std::atoi(asked);
    if (count >= 1) return count < 256 ? count : 256;
  }
  cpu_set_t usable;
  int count = sched_getaffinity(0, sizeof usable, &usable) == 0 ? CPU_COUNT(&usable)
                                                                : static_cast<int>(std::thread::hardware_concurrency());
  return count < 1 ? 1 : count < kMaxWorkers ? count : kMaxWorkers;
}

void run_on_device_thread(const std::function<void()>& work) { Runner::instance().run(work); }

Fault run_grid(Grid& grid) { return Runner::instance().run(grid); }

}  // namespace azj::emulation

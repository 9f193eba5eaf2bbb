// The CPU as a device: host memory, and streams of the instruction set chosen when it was opened.
#include "device.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <system_error>

#include "event.hpp"
#include "host.hpp"
#include "instruction_set.hpp"
#include "team.hpp"

namespace azj::cpu {

namespace {

constexpr size_t kAlignment = 256;

class CpuDevice final : public azj_device {
 public:
  CpuDevice() : instruction_set_(choose_instruction_set()), total_bytes_(host_memory().total) {}

  void query(azj_device_info& info) override {
    const HostMemory memory = host_memory();
    info.kind = AZJ_DEVICE_CPU;
    info.ordinal = 0;
    info.compute_units = usable_processors();
    info.capability = 0;
    info.total_bytes = memory.total;
    info.free_bytes = memory.free;
    std::snprintf(info.name, sizeof info.name, "%s", processor_name().c_str());
    std::snprintf(info.instruction_set, sizeof info.instruction_set, "%s", instruction_set_.name);
  }

  void* alloc(uint64_t bytes) override { return allocate(bytes, allocations_); }
  void free(void* memory) override { release(memory, allocations_); }
  uint64_t live_bytes() override { return allocations_.live_bytes(); }

  void* host_alloc(uint64_t bytes) override { return allocate(bytes, host_allocations_); }
  void host_free(void* memory) override { release(memory, host_allocations_); }
  Allocations& host_allocations() override { return host_allocations_; }

  std::unique_ptr<azj_event> open_event() override { return cpu::open_event(*this); }

  std::unique_ptr<azj_stream> open_stream(int32_t threads) override {
    const int size = threads > 0 ? threads : usable_processors();
    std::unique_ptr<Team> team;
    try {
      team = std::make_unique<Team>(size);
    } catch (const std::system_error& error) {
      fail(AZJ_OUT_OF_MEMORY,
           "the system refused to start the %d threads of this stream (%s); open it with fewer, or raise the limit on "
           "threads (ulimit -u, the container's pids.max)",
           size, error.what());
    }
    std::unique_ptr<azj_stream> stream(instruction_set_.open_stream(*this, team.get()));
    team.release();  // the stream has it now
    return stream;
  }

 private:
  // More than the machine has is refused here: the kernel would promise it, and kill the process when it is touched.
  void* allocate(uint64_t bytes, Allocations& allocations) {
    std::lock_guard<std::mutex> lock(mutex_);
    const uint64_t live = allocations_.live_bytes() + host_allocations_.live_bytes();
    void* memory = nullptr;
    if (bytes <= total_bytes_ && live <= total_bytes_ - bytes && posix_memalign(&memory, kAlignment, bytes) == 0) {
      try {
        allocations.add(memory, bytes);
      } catch (...) {
        std::free(memory);
        throw;
      }
      return memory;
    }
    fail(AZJ_OUT_OF_MEMORY,
         "%" PRIu64 " bytes were asked for; the machine has %" PRIu64 " bytes, of which %" PRIu64
         " are free and %" PRIu64 " are already allocated on this device",
         bytes, total_bytes_, host_memory().free, live);
  }

  void release(void* memory, Allocations& allocations) {
    std::lock_guard<std::mutex> lock(mutex_);
    allocations.require(memory);
    allocations.remove(memory);
    std::free(memory);
  }

  const InstructionSet& instruction_set_;
  const uint64_t total_bytes_;
  std::mutex mutex_;
  Allocations allocations_{"azj_alloc"};
  Allocations host_allocations_{"azj_host_alloc"};
};

}  // namespace

std::unique_ptr<azj_device> open_device() { return std::make_unique<CpuDevice>(); }

}  // namespace azj::cpu

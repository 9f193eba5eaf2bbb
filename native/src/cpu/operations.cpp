// The stream itself: its factory, its end, and copies.
#include "bias_sums.hpp"
#include "operations.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// One core does not saturate the memory, and a mini-batch is better in the caches of those who compute with it; below
// this size it is done before a second has started.
constexpr int64_t kCopyGrain = 64 * 1024;

void copy_bytes(Team& team, void* dst, const void* src, uint64_t bytes) {
  team.share(static_cast<int64_t>(bytes), kCopyGrain, [=](int64_t begin, int64_t end, int) {
    __builtin_memcpy(static_cast<char*>(dst) + begin, static_cast<const char*>(src) + begin,
                     static_cast<size_t>(end - begin));
  });
}

}  // namespace

// Called by instruction_set.cpp. The stream owns the team.
azj_stream* open_stream(azj_device& device, Team* team);
azj_stream* open_stream(azj_device& device, Team* team) { return new Stream(device, *team); }

Stream::Stream(azj_device& owner, Team& team)
    : azj_stream(owner), team_(team), plane_sums_(new double[static_cast<size_t>(team.threads() * kSummedFilters)]) {}

Stream::~Stream() {
  delete[] plane_sums_;
  delete &team_;
}

void Stream::upload(void* dst, const void* src, uint64_t bytes) { copy_bytes(team_, dst, src, bytes); }
void Stream::download(void* dst, const void* src, uint64_t bytes) { copy_bytes(team_, dst, src, bytes); }
void Stream::copy(void* dst, const void* src, uint64_t bytes) { copy_bytes(team_, dst, src, bytes); }
void Stream::upload_async(void* dst, const void* src, uint64_t bytes) { copy_bytes(team_, dst, src, bytes); }
void Stream::download_async(void* dst, const void* src, uint64_t bytes) { copy_bytes(team_, dst, src, bytes); }

}  // namespace azj::cpu::AZJ_ISA

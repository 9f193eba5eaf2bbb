// The stream itself: its factory, its end, and copies.
#include "operations.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// One core does not saturate the memory; below this size it is done before a second has started.
constexpr int64_t kCopyGrain = 256 * 1024;

void copy_bytes(Team& team, void* dst, const void* src, uint64_t bytes) {
  team.parallel(static_cast<int64_t>(bytes), kCopyGrain, [=](int64_t begin, int64_t end, int) {
    __builtin_memcpy(static_cast<char*>(dst) + begin, static_cast<const char*>(src) + begin,
                     static_cast<size_t>(end - begin));
  });
}

}  // namespace

// Called by instruction_set.cpp. The stream owns the team.
azj_stream* open_stream(azj_device& device, Team* team);
azj_stream* open_stream(azj_device& device, Team* team) { return new Stream(device, *team); }

Stream::~Stream() { delete &team_; }

void Stream::upload(void* dst, const void* src, uint64_t bytes) { copy_bytes(team_, dst, src, bytes); }
void Stream::download(void* dst, const void* src, uint64_t bytes) { copy_bytes(team_, dst, src, bytes); }
void Stream::copy(void* dst, const void* src, uint64_t bytes) { copy_bytes(team_, dst, src, bytes); }
void Stream::upload_async(void* dst, const void* src, uint64_t bytes) { copy_bytes(team_, dst, src, bytes); }
void Stream::download_async(void* dst, const void* src, uint64_t bytes) { copy_bytes(team_, dst, src, bytes); }

}  // namespace azj::cpu::AZJ_ISA

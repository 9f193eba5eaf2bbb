#include "bulk_copies.hpp"

#include <algorithm>
#include <cstring>

#include "memory_checks.hpp"
#include "scheduler.hpp"

namespace azj::emulation {

namespace {

constexpr uintptr_t kTargetAlignment = 128;
constexpr uint32_t kChunk = 16;  // what a swizzle moves

// A float32 on its way through a map of TFLOAT32: to the nearest, ties to even, unlike cvt.rna.tf32.f32; infinities and
// NaN as they are. NVIDIA does not say so; Triton's test of descriptors with round_f32_to_tf32, which has passed on
// GPUs, does.
uint32_t tf32_of_copy(uint32_t bits) {
  constexpr uint32_t kExponent = 0x7f800000, kHalf = 0xfff;
  if ((bits & kExponent) == kExponent) return bits;
  return (bits + kHalf + (bits >> 13 & 1)) & ~0x1fffu;
}

// Where an im2col copy begins has to be a pixel of the box.
void check_corner(Scheduler& scheduler, const TensorMap& map, const int32_t* at, Site site) {
  for (int i = 0; i < 2; ++i) {
    const int64_t from = map.lower[i], to = int64_t{map.last[i + 1]} + map.upper[i];
    if (at[i + 1] >= from && at[i + 1] <= to && (at[i + 1] - from) % map.step[i] == 0) continue;
    scheduler.fail(cudaErrorIllegalInstruction,
                   "cp.async.bulk.tensor (%s:%d): im2col from %s %d, which is no pixel of the box %d to %d in steps "
                   "of %d",
                   site.name(), site.line, i == 0 ? "column" : "row", at[i + 1], static_cast<int>(from),
                   static_cast<int>(to), map.step[i]);
  }
}

}  // namespace

void BulkCopies::load(Scheduler& scheduler, Scheduler& owner, void* target, const CUtensorMap* map, int rank,
                      const int32_t* at, const uint16_t* taps, void* barrier, Site site) {
  Copy copy{};
  std::memcpy(&copy.map, map, sizeof copy.map);
  if (copy.map.mark != kTensorMapMark || reinterpret_cast<uintptr_t>(map) % 64 != 0) {
    scheduler.fail(cudaErrorIllegalInstruction, "cp.async.bulk.tensor (%s:%d): %p is no tensor map on 64 bytes",
                   site.name(), site.line, static_cast<const void*>(map));
  }
  if (copy.map.rank != rank) {
    scheduler.fail(cudaErrorIllegalInstruction, "cp.async.bulk.tensor.%dd (%s:%d) of a tensor with %d dimensions", rank,
                   site.name(), site.line, copy.map.rank);
  }
  if (copy.map.im2col != (taps != nullptr)) {
    scheduler.fail(cudaErrorIllegalInstruction, "cp.async.bulk.tensor (%s:%d): the tensor map is of the %s mode",
                   site.name(), site.line, copy.map.im2col ? "im2col" : "tiled");
  }
  if (!begins_on_granule(copy.map, at[0])) {
    scheduler.fail(cudaErrorIllegalInstruction,
                   "cp.async.bulk.tensor (%s:%d): the box begins at element %d of the innermost dimension, which is "
                   "not on 16 bytes",
                   site.name(), site.line, at[0]);
  }
  copy.bytes = static_cast<uint32_t>(copy.map.strides[0]);
  for (int i = 0; i < rank; ++i) copy.bytes *= copy.map.box[i];
  if (reinterpret_cast<uintptr_t>(target) % kTargetAlignment != 0) {
    scheduler.fail(cudaErrorMisalignedAddress, "cp.async.bulk.tensor (%s:%d) to %p: not aligned to 128 bytes",
                   site.name(), site.line, target);
  }
  if (!owner.shared().contains(target, copy.bytes)) {
    scheduler.fail(cudaErrorInvalidAddressSpace,
                   "cp.async.bulk.tensor (%s:%d) of %u bytes to %p: not shared memory of this block", site.name(),
                   site.line, copy.bytes, target);
  }
  owner.asynchrony().mbarriers.require_published(scheduler, barrier, "cp.async.bulk.tensor", site);
  copy.target = static_cast<char*>(target);
  for (const Copy& other : queue_) {
    if (copy.target < other.target + other.bytes && other.target < copy.target + copy.bytes) {
      scheduler.fail(cudaErrorLaunchFailure,
                     "cp.async.bulk.tensor (%s:%d) to %p, where another (%s:%d) is still writing", site.name(),
                     site.line, target, other.site.name(), other.site.line);
    }
  }
  for (int i = 0; i < rank; ++i) copy.at[i] = at[i];
  if (taps != nullptr) {
    check_corner(scheduler, copy.map, at, site);
    std::copy_n(taps, 2, copy.taps);
  }
  copy.barrier = barrier;
  copy.thread = scheduler.running().number;
  copy.foreign = &owner != &scheduler;
  copy.site = site;
  mark_pending(owner.shared(), target, copy.bytes);
  queue_.push_back(copy);
}

// One row of the box, to `offset` from the target's beginning. What is outside of the tensor is 0.
void BulkCopies::copy_row(const Copy& copy, const char* source, int64_t first, uint32_t offset) {
  const TensorMap& map = copy.map;
  const int64_t element = static_cast<int64_t>(map.strides[0]), end = int64_t{map.last[0]} + 1;
  char row[1024] = {};  // 256 elements of 4 bytes
  const int64_t skip = std::max<int64_t>(0, -first), stop = std::min<int64_t>(map.box[0], end - first);
  if (source != nullptr && skip < stop) {
    const char* from = source + (first + skip) * element;
    const size_t bytes = static_cast<size_t>((stop - skip) * element);
    check_read(from, bytes, __builtin_return_address(0));
    std::memcpy(row + skip * element, from, bytes);
  }
  if (map.type == CU_TENSOR_MAP_DATA_TYPE_TFLOAT32) {
    for (int i = 0; i < map.box[0]; ++i) {
      uint32_t bits;
      std::memcpy(&bits, row + 4 * i, sizeof bits);
      bits = tf32_of_copy(bits);
      std::memcpy(row + 4 * i, &bits, sizeof bits);
    }
  }
  for (uint32_t chunk = 0; chunk < map.box[0] * map.strides[0]; chunk += kChunk) {
    const uintptr_t address = reinterpret_cast<uintptr_t>(copy.target) + offset + chunk;
    void* to = reinterpret_cast<void*>(swizzled(address, map.swizzle));
    mark_written(to, kChunk);
    std::memcpy(to, row + chunk, kChunk);
  }
}

void BulkCopies::copy_box(const Copy& copy) {
  const TensorMap& map = copy.map;
  const uint32_t row_bytes = static_cast<uint32_t>(map.box[0] * map.strides[0]);
  for (uint32_t row = 0; row < copy.bytes / row_bytes; ++row) {
    const char* source = reinterpret_cast<const char*>(map.address);
    uint32_t rest = row;
    for (int i = 1; i < map.rank; ++i) {
      const int64_t position = copy.at[i] + rest % map.box[i];
      rest /= map.box[i];
      if (position < 0 || position > int64_t{map.last[i]}) {
        source = nullptr;
        break;
      }
      source += position * static_cast<int64_t>(map.strides[i]);
    }
    copy_row(copy, source, copy.at[0], row * row_bytes);
  }
}

// Pixels of the box one after the other, along the width, then the height, then the samples; of each, the channels of
// the pixel that the taps lead to.
void BulkCopies::copy_pixels(const Copy& copy) {
  const TensorMap& map = copy.map;
  const uint32_t row_bytes = static_cast<uint32_t>(map.box[0] * map.strides[0]);
  int64_t at[] = {copy.at[1], copy.at[2], copy.at[3]};
  for (uint32_t pixel = 0; pixel < map.box[1]; ++pixel) {
    const char* source = reinterpret_cast<const char*>(map.address);
    for (int i = 0; i < 3; ++i) {
      const int64_t position = at[i] + (i < 2 ? copy.taps[i] : 0);
      if (source != nullptr && position >= 0 && position <= int64_t{map.last[i + 1]}) {
        source += position * static_cast<int64_t>(map.strides[i + 1]);
      } else {
        source = nullptr;
      }
    }
    copy_row(copy, source, copy.at[0], pixel * row_bytes);
    for (int i = 0; i < 3; ++i) {
      at[i] += i < 2 ? map.step[i] : 1;
      if (i == 2 || at[i] <= int64_t{map.last[i + 1]} + map.upper[i]) break;
      at[i] = map.lower[i];
    }
  }
}

bool BulkCopies::deliver(Scheduler& scheduler) {
  if (queue_.empty()) return false;
  const bool latest = scheduler.grid().reverse;
  const Copy copy = latest ? queue_.back() : queue_.front();
  queue_.erase(latest ? queue_.end() - 1 : queue_.begin());
  const int waiting = scheduler.running().number;
  if (!copy.foreign) scheduler.blame(copy.thread);
  copy.map.im2col ? copy_pixels(copy) : copy_box(copy);
  scheduler.asynchrony().mbarriers.complete_bytes(scheduler, copy.barrier, copy.bytes, copy.foreign);
  scheduler.blame(waiting);
  return true;
}

void BulkCopies::end_block(Scheduler& scheduler) {
  if (queue_.empty()) return;
  const Copy& copy = queue_.front();
  if (!copy.foreign) scheduler.blame(copy.thread);
  scheduler.fail(cudaErrorLaunchFailure,
                 "the block ends while %s cp.async.bulk.tensor (%s:%d) is under way: nobody waited for it",
                 copy.foreign ? "another block's" : "its", copy.site.name(), copy.site.line);
}

}  // namespace azj::emulation

#include "bulk_stores.hpp"

#include <algorithm>
#include <cstring>

#include "memory_checks.hpp"
#include "scheduler.hpp"

namespace azj::emulation {

namespace {

constexpr uintptr_t kSourceAlignment = 128;
constexpr uint32_t kChunk = 16;  // what a swizzle moves

}  // namespace

BulkStores::Issuer& BulkStores::issuer_of(Scheduler& scheduler) {
  if (issuers_.empty()) issuers_.resize(static_cast<size_t>(scheduler.threads()));
  return issuers_[static_cast<size_t>(scheduler.running().number)];
}

void BulkStores::store(Scheduler& scheduler, const CUtensorMap* map, int rank, const int32_t* at, const void* source,
                       Site site) {
  Issuer& issuer = issuer_of(scheduler);
  Store store{};
  std::memcpy(&store.map, map, sizeof store.map);
  if (store.map.mark != kTensorMapMark || reinterpret_cast<uintptr_t>(map) % 64 != 0 || store.map.im2col) {
    scheduler.fail(cudaErrorIllegalInstruction, "cp.async.bulk.tensor (%s:%d): %p is no tiled tensor map on 64 bytes",
                   site.name(), site.line, static_cast<const void*>(map));
  }
  if (store.map.rank != rank) {
    scheduler.fail(cudaErrorIllegalInstruction, "cp.async.bulk.tensor.%dd (%s:%d) of a tensor with %d dimensions", rank,
                   site.name(), site.line, store.map.rank);
  }
  if (store.map.type == CU_TENSOR_MAP_DATA_TYPE_TFLOAT32) {
    scheduler.fail(cudaErrorIllegalInstruction,
                   "cp.async.bulk.tensor (%s:%d) stores through a map of TFLOAT32, which rounds on the way to shared "
                   "memory; what it does on the way back is not documented: a map of FLOAT32 stores float32",
                   site.name(), site.line);
  }
  if (!begins_on_granule(store.map, at[0])) {
    scheduler.fail(cudaErrorIllegalInstruction,
                   "cp.async.bulk.tensor (%s:%d): the box begins at element %d of the innermost dimension, which is "
                   "not on 16 bytes",
                   site.name(), site.line, at[0]);
  }
  if (std::any_of(at, at + rank, [](int32_t position) { return position < 0; })) {
    scheduler.fail(cudaErrorIllegalInstruction,
                   "cp.async.bulk.tensor (%s:%d) stores a box that begins before the tensor does; only a load may",
                   site.name(), site.line);
  }
  size_t bytes = static_cast<size_t>(store.map.strides[0]);
  for (int i = 0; i < rank; ++i) bytes *= store.map.box[i];
  if (reinterpret_cast<uintptr_t>(source) % kSourceAlignment != 0) {
    scheduler.fail(cudaErrorMisalignedAddress, "cp.async.bulk.tensor (%s:%d) from %p: not aligned to 128 bytes",
                   site.name(), site.line, source);
  }
  if (!scheduler.shared().contains(source, bytes)) {
    scheduler.fail(cudaErrorInvalidAddressSpace,
                   "cp.async.bulk.tensor (%s:%d) of %zu bytes from %p: not shared memory of this block", site.name(),
                   site.line, bytes, source);
  }
  if (!issuer.fenced) {
    scheduler.fail(cudaErrorLaunchFailure,
                   "cp.async.bulk.tensor (%s:%d) from shared memory without a fence.proxy.async by the same thread "
                   "since the kernel's start or its last wait: it may read what was there before",
                   site.name(), site.line);
  }
  check_read(source, bytes, __builtin_return_address(0));
  for (int i = 0; i < rank; ++i) store.at[i] = at[i];
  store.source = static_cast<const char*>(source);
  store.bytes.assign(store.source, store.source + bytes);
  store.group = issuer.committed;
  store.site = site;
  issuer.stores.push_back(std::move(store));
}

// Whole chunks: of a row that does not end on 16 bytes, the last one goes beyond it. All else outside of the tensor is
// not stored. (NVIDIA documents no such limit; Triton does, of what users have seen on H100.)
void BulkStores::carry_out(Scheduler& scheduler, const Store& store) {
  if (std::memcmp(store.source, store.bytes.data(), store.bytes.size()) != 0) {
    scheduler.fail(cudaErrorLaunchFailure,
                   "cp.async.bulk.tensor (%s:%d): the shared memory that it reads was written before "
                   "cp.async.bulk.wait_group.read",
                   store.site.name(), store.site.line);
  }
  const TensorMap& map = store.map;
  const uint32_t element = static_cast<uint32_t>(map.strides[0]), row_bytes = map.box[0] * element;
  const int64_t end = (int64_t{map.last[0]} + 1) * element;
  for (uint32_t row = 0; row < store.bytes.size() / row_bytes; ++row) {
    uint64_t target = map.address;
    bool inside = true;
    uint32_t rest = row;
    for (int i = 1; i < map.rank; ++i) {
      const int64_t position = store.at[i] + rest % map.box[i];
      rest /= map.box[i];
      inside = inside && position <= int64_t{map.last[i]};
      target += static_cast<uint64_t>(position) * map.strides[i];
    }
    for (uint32_t byte = 0; inside && byte < row_bytes; byte += kChunk) {
      const int64_t in_row = int64_t{store.at[0]} * element + byte;
      if (in_row >= end) break;
      const uintptr_t plain = reinterpret_cast<uintptr_t>(store.source) + row * row_bytes + byte;
      char* to = reinterpret_cast<char*>(target) + in_row;
      check_write(to, kChunk, __builtin_return_address(0));
      std::memcpy(to, reinterpret_cast<const char*>(swizzled(plain, map.swizzle)), kChunk);
    }
  }
}

void BulkStores::wait_read(Scheduler& scheduler, uint32_t pending) {
  Issuer& issuer = issuer_of(scheduler);
  issuer.fenced = false;
  const auto first_pending = std::find_if(issuer.stores.begin(), issuer.stores.end(), [&](const Store& store) {
    return store.group + pending >= issuer.committed;
  });
  for (auto each = issuer.stores.begin(); each != first_pending; ++each) carry_out(scheduler, *each);
  issuer.stores.erase(issuer.stores.begin(), first_pending);
}

void BulkStores::end_thread(Scheduler& scheduler) {
  if (issuers_.empty()) return;
  const std::vector<Store>& stores = issuer_of(scheduler).stores;
  if (stores.empty()) return;
  scheduler.fail(cudaErrorLaunchFailure,
                 "the thread returns while its cp.async.bulk.tensor (%s:%d) may still read shared memory: "
                 "cp.async.bulk.wait_group.read waits for it",
                 stores.front().site.name(), stores.front().site.line);
}

}  // namespace azj::emulation

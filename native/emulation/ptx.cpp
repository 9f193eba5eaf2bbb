// The warp-wide and asynchronous instructions of ptx.cuh. Fragment layouts: PTX ISA, "Matrix Fragments for mma.m16n8k8"
// and ".m16n8k16", "Warp-level matrix load instruction: ldmatrix".
#include "ptx.cuh"

#include <cstring>

#include "asynchrony.hpp"
#include "memory_checks.hpp"
#include "scheduler.hpp"

namespace azj::emulation {

namespace {

float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

bool is_nan(uint32_t bits) { return (bits & 0x7fffffffu) > 0x7f800000u; }

bool is_infinite(uint32_t bits) { return (bits & 0x7fffffffu) == 0x7f800000u; }

constexpr uint32_t kWholeWarp = 0xffffffffu;

}  // namespace

// ---- cp.async

void async_copy(void* target, const void* source, int bytes, bool valid, Site site) {
  Scheduler& scheduler = *Scheduler::current();
  const void* here = __builtin_return_address(0);
  size_t size = static_cast<size_t>(bytes);
  bool aligned = reinterpret_cast<uintptr_t>(target) % size == 0 && reinterpret_cast<uintptr_t>(source) % size == 0;
  if (!aligned) {
    scheduler.fail(cudaErrorMisalignedAddress, "cp.async of %d bytes from %p to %p (%s:%d): not aligned", bytes, source,
                   target, site.name(), site.line);
  }
  if (!scheduler.shared().contains(target, size)) {
    scheduler.fail(cudaErrorInvalidAddressSpace, "cp.async to %p (%s:%d): not shared memory of this block", target,
                   site.name(), site.line);
  }
  if (valid && scheduler.shared().contains(source, size)) {
    scheduler.fail(cudaErrorInvalidAddressSpace, "cp.async from %p (%s:%d): not global memory", source, site.name(),
                   site.line);
  }
  if (valid) check_read(source, size, here);
  mark_pending(Scheduler::current()->shared(), target, size);
  ThreadState& thread = scheduler.running();
  thread.copies.push_back({target, valid ? source : nullptr, static_cast<uint32_t>(bytes), thread.committed_groups});
}

void async_commit() { ++Scheduler::current()->running().committed_groups; }

void async_wait(int pending_groups) {
  ThreadState& thread = Scheduler::current()->running();
  auto& copies = thread.copies;
  uint32_t pending = static_cast<uint32_t>(pending_groups);
  if (thread.committed_groups <= pending) return;
  uint32_t complete = thread.committed_groups - pending;  // groups 0..complete-1 have to be there
  size_t done = 0;
  for (; done < copies.size() && copies[done].group < complete; ++done) {
    const AsyncCopy& copy = copies[done];
    if (copy.source != nullptr) {
      std::memcpy(copy.target, copy.source, copy.bytes);
    } else {
      std::memset(copy.target, 0, copy.bytes);
    }
    mark_written(copy.target, copy.bytes);
  }
  copies.erase(copies.begin(), copies.begin() + static_cast<ptrdiff_t>(done));
}

// ---- conversions

// To 10 bits of mantissa, to the nearest, ties away from zero: adding half of the last place and cutting off does that.
uint32_t round_to_tf32(float value) {
  uint32_t bits = bits_of(value);
  if (is_nan(bits)) return 0x7fffffffu;  // the one NaN that cvt makes
  if (is_infinite(bits)) return bits;
  return (bits + 0x1000u) & ~0x1fffu;
}

// To 7 bits of mantissa, to the nearest, ties to even.
uint32_t round_to_bf16(float value) {
  uint32_t bits = bits_of(value);
  if (is_nan(bits)) return 0x7fffu;
  return (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
}

// ---- mma

namespace {

struct Fragments {
  float* d;
  const uint32_t* a;
  const uint32_t* b;
};

// Sums exact products in double and rounds once: at least as precise as the tensor cores, whose order is not
// documented.
template <int kDepth>
void multiply(const float (&a)[16][kDepth], const float (&b)[kDepth][8], void* const operands[32]) {
  for (int lane = 0; lane < 32; ++lane) {
    float* d = static_cast<const Fragments*>(operands[lane])->d;
    for (int i = 0; i < 4; ++i) {
      int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
      double sum = d[i];
      for (int k = 0; k < kDepth; ++k) sum += static_cast<double>(a[row][k]) * static_cast<double>(b[k][column]);
      d[i] = static_cast<float>(sum);
    }
  }
}

void complete_tf32(void* const operands[32], uint32_t) {
  // The tensor cores do not look at the lower 13 bits.
  auto value = [](uint32_t bits) { return float_of(bits & ~0x1fffu); };
  float a[16][8], b[8][8];
  for (int lane = 0; lane < 32; ++lane) {
    const Fragments& mine = *static_cast<const Fragments*>(operands[lane]);
    int g = lane / 4, t = lane % 4;
    for (int i = 0; i < 4; ++i) a[g + i % 2 * 8][t + i / 2 * 4] = value(mine.a[i]);
    for (int i = 0; i < 2; ++i) b[t + i * 4][g] = value(mine.b[i]);
  }
  multiply(a, b, operands);
}

void complete_bf16(void* const operands[32], uint32_t) {
  float a[16][16], b[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const Fragments& mine = *static_cast<const Fragments*>(operands[lane]);
    int g = lane / 4, t = lane % 4;
    for (int half = 0; half < 2; ++half) {
      auto value = [half](uint32_t bits) { return float_of(half == 0 ? bits << 16 : bits & 0xffff0000u); };
      for (int i = 0; i < 4; ++i) a[g + i % 2 * 8][2 * t + half + i / 2 * 8] = value(mine.a[i]);
      for (int i = 0; i < 2; ++i) b[2 * t + half + i * 8][g] = value(mine.b[i]);
    }
  }
  multiply(a, b, operands);
}

void require_whole_warp(const char* what, Site site) {
  if (Scheduler::current()->live_lanes() != kWholeWarp) {
    Scheduler::current()->fail(cudaErrorLaunchFailure, "%s (%s:%d) needs all 32 lanes of the warp", what, site.name(),
                               site.line);
  }
}

}  // namespace

void mma_tf32(float* d, const uint32_t* a, const uint32_t* b, Site site) {
  require_whole_warp("mma.sync", site);
  Fragments mine{d, a, b};
  warp_rendezvous(WarpOperation::kMma, kWholeWarp, &mine, &complete_tf32, site);
}

void mma_bf16(float* d, const uint32_t* a, const uint32_t* b, Site site) {
  require_whole_warp("mma.sync", site);
  Fragments mine{d, a, b};
  warp_rendezvous(WarpOperation::kMma, kWholeWarp, &mine, &complete_bf16, site);
}

// ---- ldmatrix

namespace {

struct MatrixLoad {
  uint32_t* d;
  const void* row;
  int matrices;
  bool transposed;
};

void complete_load(void* const operands[32], uint32_t) {
  uint16_t matrix[8][8];
  const MatrixLoad& first = *static_cast<const MatrixLoad*>(operands[0]);
  for (int m = 0; m < first.matrices; ++m) {
    for (int row = 0; row < 8; ++row) {
      std::memcpy(matrix[row], static_cast<const MatrixLoad*>(operands[m * 8 + row])->row, sizeof matrix[row]);
    }
    for (int lane = 0; lane < 32; ++lane) {
      int row = lane / 4, column = lane % 4 * 2;
      uint32_t low = first.transposed ? matrix[column][row] : matrix[row][column];
      uint32_t high = first.transposed ? matrix[column + 1][row] : matrix[row][column + 1];
      static_cast<const MatrixLoad*>(operands[lane])->d[m] = low | high << 16;
    }
  }
}

}  // namespace

void load_matrix(uint32_t* d, int matrices, bool transposed, const void* row, Site site) {
  Scheduler& scheduler = *Scheduler::current();
  require_whole_warp("ldmatrix", site);
  if (static_cast<int>(lane()) < matrices * 8) {
    if (reinterpret_cast<uintptr_t>(row) % 16 != 0) {
      scheduler.fail(cudaErrorMisalignedAddress, "ldmatrix (%s:%d): the row at %p is not aligned to 16 bytes",
                     site.name(), site.line, row);
    }
    if (!scheduler.shared().contains(row, 16)) {
      scheduler.fail(cudaErrorInvalidAddressSpace, "ldmatrix (%s:%d): the row at %p is not shared memory of this block",
                     site.name(), site.line, row);
    }
    check_read(row, 16, __builtin_return_address(0));
  }
  MatrixLoad mine{d, row, matrices, transposed};
  warp_rendezvous(WarpOperation::kLoadMatrix, kWholeWarp, &mine, &complete_load, site);
}

// ---- stmatrix, of four matrices, transposed

namespace {

struct MatrixStore {
  char* row;
  const uint32_t* d;
};

void complete_store(void* const operands[32], uint32_t) {
  for (int lane = 0; lane < 32; ++lane) {
    const int g = lane / 4, t = lane % 4;
    for (int m = 0; m < 4; ++m) {
      for (int half = 0; half < 2; ++half) {
        char* const row = static_cast<const MatrixStore*>(operands[m * 8 + 2 * t + half])->row;
        const uint32_t word = static_cast<const MatrixStore*>(operands[lane])->d[m];
        const uint16_t element = static_cast<uint16_t>(word >> 16 * half);
        std::memcpy(row + g * static_cast<int>(sizeof element), &element, sizeof element);
      }
    }
  }
}

}  // namespace

void store_matrices(void* row, const uint32_t* d, Site site) {
  require_hopper("stmatrix", site);
  require_whole_warp("stmatrix", site);
  Scheduler& scheduler = *Scheduler::current();
  if (reinterpret_cast<uintptr_t>(row) % 16 != 0) {
    scheduler.fail(cudaErrorMisalignedAddress, "stmatrix (%s:%d): the row at %p is not aligned to 16 bytes",
                   site.name(), site.line, row);
  }
  if (!scheduler.shared().contains(row, 16)) {
    scheduler.fail(cudaErrorInvalidAddressSpace, "stmatrix (%s:%d): the row at %p is not shared memory of this block",
                   site.name(), site.line, row);
  }
  mark_written(row, 16);
  MatrixStore mine{static_cast<char*>(row), d};
  warp_rendezvous(WarpOperation::kStoreMatrix, kWholeWarp, &mine, &complete_store, site);
}

}  // namespace azj::emulation

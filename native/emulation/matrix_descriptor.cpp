// PTX ISA, "Shared Memory Matrix Layout", "Matrix Descriptor Format", and CuTe's canonical layouts of operands.
#include "matrix_descriptor.hpp"

#include <cinttypes>
#include <cstring>

#include "memory_checks.hpp"
#include "scheduler.hpp"
#include "tensor_map.hpp"

namespace azj::emulation {

namespace {

constexpr uint32_t kChunk = 16, kElement = 2;  // bytes; of BF16
constexpr int kBf16Depth = 16;
constexpr uint64_t kUnusedBits = 0x3ff1c000c000c000;

struct Descriptor {
  uint32_t start, leading, stride;  // bytes
  uint32_t base_offset;
  int mode;  // 0 none, 1 128 bytes, 2 64 bytes, 3 32 bytes

  explicit Descriptor(uint64_t bits)
      : start(static_cast<uint32_t>(bits & 0x3fff) << 4),
        leading(static_cast<uint32_t>(bits >> 16 & 0x3fff) << 4),
        stride(static_cast<uint32_t>(bits >> 32 & 0x3fff) << 4),
        base_offset(static_cast<uint32_t>(bits >> 49 & 7)),
        mode(static_cast<int>(bits >> 62)) {}

  int swizzle_bits() const { return mode == 0 ? 0 : 4 - mode; }
  uint32_t pitch() const { return mode == 0 ? kChunk : 256u >> mode; }  // from one row of eight to the next

  // Address of a 16-byte chunk in the shared window: 8 elements of BF16 along k.
  uint32_t chunk(int row, int index) const {
    const uint32_t column = static_cast<uint32_t>(index) * (mode == 0 ? leading : kChunk);
    const uint32_t line = static_cast<uint32_t>(row / 8) * stride + static_cast<uint32_t>(row % 8) * pitch();
    const uint32_t plain = start + line + column;
    return static_cast<uint32_t>(swizzled(plain, swizzle_bits()));
  }

  // The same for an operand along its rows, swizzled: 8 rows from `row` on at one k. CuTe: ((T,8,m),(8,k)) :
  // ((1,T,LBO),(8T,SBO)) for 128 bytes.
  uint32_t chunk_along_rows(int row, int k) const {
    const uint32_t bytes = static_cast<uint32_t>(row) * kElement, line = static_cast<uint32_t>(k);
    const uint32_t plain = start + bytes / pitch() * leading + bytes % pitch() + line / 8 * stride + line % 8 * pitch();
    return static_cast<uint32_t>(swizzled(plain, swizzle_bits()));
  }
};

const char* why_wrong(uint64_t bits, const Descriptor& d, Major major) {
  if ((bits & kUnusedBits) != 0) return "bits are set that mean nothing";
  if (major == Major::kAlongRows && d.mode == 0) return "an operand along its rows is emulated with a swizzle only";
  if (d.mode == 0) return nullptr;
  if (d.base_offset != 0 || (d.start >> 7 & ((1u << d.swizzle_bits()) - 1)) != 0) {
    return "the operand does not begin where the swizzle's pattern does";
  }
  if (major == Major::kAlongRows) {
    return d.start % d.pitch() != 0 ? "the operand begins inside of a swizzled row" : nullptr;
  }
  if (d.start % d.pitch() + 2 * kChunk > d.pitch()) return "32 bytes of k go beyond the swizzled row";
  return nullptr;
}

// One chunk of an operand's row, out of the block's shared memory.
void read_chunk(Scheduler& scheduler, uint64_t bits, uint32_t address, int row, Site site, void* to) {
  const void* from = scheduler.shared().at_window(address);
  if (!scheduler.shared().contains(from, kChunk)) {
    scheduler.fail(cudaErrorInvalidAddressSpace,
                   "wgmma (%s:%d): row %d of the operand of descriptor 0x%016" PRIx64
                   " is not in the block's dynamic shared memory",
                   site.name(), site.line, row, bits);
  }
  check_read(from, kChunk, __builtin_return_address(0));
  std::memcpy(to, from, kChunk);
}

}  // namespace

void read_operand(Scheduler& scheduler, uint64_t bits, Major major, int rows, Site site,
                  std::vector<uint32_t>& words) {
  const Descriptor descriptor(bits);
  if (const char* why = why_wrong(bits, descriptor, major)) {
    scheduler.fail(cudaErrorIllegalInstruction, "wgmma (%s:%d): matrix descriptor 0x%016" PRIx64 ": %s", site.name(),
                   site.line, bits, why);
  }
  words.resize(static_cast<size_t>(rows) * kOperandWords);
  if (major == Major::kAlongK) {
    for (int row = 0; row < rows; ++row) {
      for (int index = 0; index < 2; ++index) {
        read_chunk(scheduler, bits, descriptor.chunk(row, index), row, site,
                   &words[static_cast<size_t>(row * kOperandWords + index * 4)]);
      }
    }
    return;
  }
  constexpr int kRows = kChunk / kElement;
  for (int row = 0; row < rows; row += kRows) {
    for (int k = 0; k < kBf16Depth; ++k) {
      uint16_t elements[kRows];
      read_chunk(scheduler, bits, descriptor.chunk_along_rows(row, k), row, site, elements);
      for (int i = 0; i < kRows; ++i) {
        char* const to = reinterpret_cast<char*>(&words[static_cast<size_t>((row + i) * kOperandWords)]);
        std::memcpy(to + k * static_cast<int>(kElement), &elements[i], kElement);
      }
    }
  }
}

}  // namespace azj::emulation

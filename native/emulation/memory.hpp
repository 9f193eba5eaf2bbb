// Device memory and pinned host memory: who owns which addresses. Every allocation is a mapping of its own between
// inaccessible pages; freed ones stay inaccessible for a while before their addresses are used again.
#pragma once

#include <cstddef>
#include <cstdint>

namespace azj::emulation {

constexpr size_t kAllocationAlignment = 256;

struct Allocation {
  uintptr_t begin = 0;
  size_t bytes = 0;
  int device = 0;
  bool host = false;     // pinned host memory
  bool freeing = false;  // a cudaFreeAsync is queued
  bool freed = false;
  uintptr_t mapping = 0;  // the pages, guards included
  size_t mapping_bytes = 0;
};

// All of these are called with the runtime's lock held, or by kernels while their launcher holds it.

// nullptr when the system has none. Contents: signalling NaNs.
void* allocate_memory(size_t bytes, int device, bool host);
// `begin` of a live allocation.
void release_memory(uintptr_t begin);
// Forgets every allocation of a device, or everything (device < 0).
void release_all(int device);
// Live bytes of device memory (device >= 0), or of pinned host memory (device < 0).
size_t live_bytes(int device);
// The allocation whose bytes, or whose end, `address` is; freed ones as long as they are remembered. nullptr: none.
Allocation* find_allocation(const void* address);
// Whether [address, address + bytes) lies in a live allocation.
bool lies_in_live(const Allocation* allocation, const void* address, size_t bytes);

// "12 bytes past the end of a device allocation of 4096 bytes", for people.
void describe_address(const void* address, char* text, size_t size);

// Whether reads of device memory that nothing was written to are faults (AZULEJO_EMULATION_INITCHECK=1).
bool check_device_initialisation();

}  // namespace azj::emulation

// A thread of the running block.
#pragma once

#include <cstdint>
#include <vector>

#include "context.hpp"
#include "device_builtins.h"

namespace azj::emulation {

constexpr int kMaxBlockThreads = 1024;

struct AsyncCopy {
  void* target;
  const void* source;  // nullptr: zeros
  uint32_t bytes;
  uint32_t group;
};

enum class Wait : uint8_t { kNotStarted, kRunning, kCluster, kBarrier, kWarp, kWarpgroup, kMbarrier, kReturned };

struct ThreadState {
  uint3 index;
  Stack* stack;
  ThreadState* next;  // in the list it waits in
  Wait wait;
  int number;  // in the block
  Site site;
  uint32_t mask;         // of the warp function it waits at
  const void* mbarrier;  // that it waits for, for the end of a phase of this parity
  uint32_t parity;
  bool refused;  // by its last mbarrier.try_wait
  int barrier_result;
  bool waited_for_grid;  // before this one
  uint32_t committed_groups;
  std::vector<AsyncCopy> copies;

  void begin() {
    refused = false;
    waited_for_grid = false;
    committed_groups = 0;
    if (!copies.empty()) copies.clear();
  }
};

// A first-in first-out list of suspended threads.
struct ThreadList {
  ThreadState* head = nullptr;
  ThreadState* tail = nullptr;
  void append(ThreadState* thread) {
    thread->next = nullptr;
    (tail != nullptr ? tail->next : head) = thread;
    tail = thread;
  }
  void append(ThreadList& other) {
    if (other.head == nullptr) return;
    (tail != nullptr ? tail->next : head) = other.head;
    tail = other.tail;
    other.head = other.tail = nullptr;
  }
  ThreadState* take() {
    ThreadState* thread = head;
    if (thread != nullptr && (head = thread->next) == nullptr) tail = nullptr;
    return thread;
  }
};

}  // namespace azj::emulation

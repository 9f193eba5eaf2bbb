#include "device_builtins.h"

#include "scheduler.hpp"

namespace azj::emulation {

int block_barrier(BarrierReduction reduction, int predicate, Site site) {
  return Scheduler::current()->barrier(reduction, predicate, site);
}

void warp_rendezvous(WarpOperation operation, uint32_t mask, void* operand, WarpComplete complete, Site site) {
  Scheduler::current()->rendezvous(operation, mask, operand, complete, site);
}

uint32_t live_lanes() { return Scheduler::current()->live_lanes(); }

uint32_t lane() { return static_cast<uint32_t>(Scheduler::current()->running().number) % 32; }

void trap(const char* why, Site site) {
  Scheduler::current()->fail(cudaErrorLaunchFailure, "%s (%s:%d)", why, site.name(), site.line);
}

namespace {

struct Shuffle {
  uint64_t bits;
  uint64_t result;
  int source;  // the lane to read
};

void complete_shuffle(void* const operands[32], uint32_t mask) {
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    Shuffle& mine = *static_cast<Shuffle*>(operands[__builtin_ctz(rest)]);
    if ((mask >> mine.source & 1) == 0) {
      Scheduler::current()->fail(cudaErrorLaunchFailure,
                                 "shuffle: lane %d reads from lane %d, which the mask 0x%08x does not name",
                                 __builtin_ctz(rest), mine.source, mask);
    }
    mine.result = static_cast<const Shuffle*>(operands[mine.source])->bits;
  }
}

struct Vote {
  bool predicate;
  uint32_t result;
};

void complete_vote(void* const operands[32], uint32_t mask) {
  uint32_t votes = 0;
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    int lane = __builtin_ctz(rest);
    if (static_cast<const Vote*>(operands[lane])->predicate) votes |= 1u << lane;
  }
  for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    static_cast<Vote*>(operands[__builtin_ctz(rest)])->result = votes;
  }
}

// The lane that `lane` reads from. Outside of its segment of `width` lanes a lane reads its own value; an index wraps.
int source_lane(ShuffleMode mode, int lane, uint32_t argument, int width) {
  int first = lane / width * width, last = first + width - 1;
  int64_t source = lane;
  switch (mode) {
    case ShuffleMode::kIndex: return first + static_cast<int>(argument % static_cast<uint32_t>(width));
    case ShuffleMode::kUp: source = static_cast<int64_t>(lane) - argument; break;
    case ShuffleMode::kDown: source = static_cast<int64_t>(lane) + argument; break;
    // Only a later segment is out of reach.
    case ShuffleMode::kXor: source = static_cast<int64_t>(static_cast<uint32_t>(lane) ^ argument); break;
  }
  bool reachable = mode == ShuffleMode::kXor ? source <= last : source >= first && source <= last;
  return reachable ? static_cast<int>(source) : lane;
}

}  // namespace

uint64_t warp_shuffle(ShuffleMode mode, uint32_t mask, uint64_t bits, uint32_t argument, int width, Site site) {
  if (width < 1 || width > 32 || (width & (width - 1)) != 0)
    trap("shuffle: the width is not a power of 2 up to 32", site);
  Shuffle mine{bits, 0, source_lane(mode, static_cast<int>(lane()), argument, width)};
  warp_rendezvous(WarpOperation::kShuffle, mask, &mine, &complete_shuffle, site);
  return mine.result;
}

uint32_t warp_ballot(uint32_t mask, int predicate, Site site) {
  Vote mine{predicate != 0, 0};
  warp_rendezvous(WarpOperation::kVote, mask, &mine, &complete_vote, site);
  return mine.result;
}

}  // namespace azj::emulation

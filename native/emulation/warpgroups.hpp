// What warpgroups, four warps from a multiple of four, do together: asynchronous products (wgmma) and the hand-over of
// registers (setmaxnreg). PTX ISA, "Asynchronous Warpgroup Level Matrix Multiply-Accumulate Instructions".
//
// A product is computed when a thread waits for it, and until then the accumulators of all threads hold NaN. What the
// operands were when it was issued is kept: if they are not the same when it is computed, somebody wrote too early.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "matrix_descriptor.hpp"
#include "thread_state.hpp"

namespace azj::emulation {

class Scheduler;

constexpr int kWarpgroupThreads = 128;

enum class MatrixType : uint8_t { kTf32, kBf16 };

// One wgmma.mma_async: D (64 x n) = A (64 x 32 bytes of k) * B (n x 32 bytes of k) + D, or without the last.
struct WarpgroupProduct {
  MatrixType type;
  int n;
  Major major_a, major_b;
  uint64_t a, b;  // matrix descriptors
  bool accumulate;
  Site site;
};

class Warpgroups {
 public:
  void begin_block();
  void end_thread(Scheduler& scheduler);
  void end_block(Scheduler& scheduler);

  void fence(Scheduler& scheduler, Site site);
  // d: n / 2 accumulators of the running thread.
  void multiply(Scheduler& scheduler, const WarpgroupProduct& product, float* d);
  void commit(Scheduler& scheduler, Site site);
  void wait(Scheduler& scheduler, int pending_groups, Site site);
  void set_registers(Scheduler& scheduler, bool increase, int count, Site site);

  [[noreturn]] void explain(Scheduler& scheduler, const ThreadState& waiting) const;

 private:
  // Accumulators of one thread that products under way will write.
  struct Held {
    float* d;
    uint64_t last;  // product that uses them
    std::vector<float> values;
  };
  struct Issuer {
    uint64_t issued = 0;
    std::vector<uint64_t> groups;  // committed: how many products were issued by the end of each
    bool fenced = false;
    std::vector<Held> held;
    int registers = 0;  // 0: as many as at the start
  };
  struct Pending {
    WarpgroupProduct product;
    std::vector<uint32_t> a, b;  // the operands when it was issued, 8 words a row
    int arrived = 0;
    float* d[kWarpgroupThreads];
  };
  struct Warpgroup {
    std::deque<Pending> products;
    uint64_t computed = 0;  // products before those
    Issuer issuers[kWarpgroupThreads];
    ThreadList waiting;
  };

  Warpgroup& of(Scheduler& scheduler, const char* what, Site site);
  static Issuer& issuer_of(Scheduler& scheduler, Warpgroup& group);
  void compute(Scheduler& scheduler, Warpgroup& group);
  void check_operands(Scheduler& scheduler, const Pending& pending);
  static void check_held(Scheduler& scheduler, const Held& held, Site site);

  std::vector<Warpgroup> all_;
  // Of compute(): here because the stack of a kernel that fails is abandoned, destructors and all.
  std::vector<uint32_t> words_;
  std::vector<double> b_, sums_;
};

}  // namespace azj::emulation

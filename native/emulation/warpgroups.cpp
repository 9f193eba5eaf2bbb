#include "warpgroups.hpp"

#include <algorithm>
#include <cstring>

#include "scheduler.hpp"
#include "shared_memory.hpp"

namespace azj::emulation {

namespace {

constexpr int kRows = 64;
constexpr int kRegisterFile = 65536;
constexpr int kMostRegisters = 255;

bool same(const WarpgroupProduct& x, const WarpgroupProduct& y) {
  return x.type == y.type && x.n == y.n && x.major_a == y.major_a && x.major_b == y.major_b && x.a == y.a &&
         x.b == y.b && x.accumulate == y.accumulate;
}

float pattern() {
  float value;
  std::memcpy(&value, &kSharedPattern, sizeof value);
  return value;
}

// The registers of each thread that a kernel with __launch_bounds__(threads, 1) can have.
int initial_registers(int threads) {
  const int most = kRegisterFile / threads / 8 * 8;
  return most < kMostRegisters ? most : kMostRegisters;
}

float value_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Element k of a row of eight words. The tensor cores do not look at the lower 13 bits of a TF32.
double element(MatrixType type, const uint32_t* row, int k) {
  if (type == MatrixType::kTf32) return static_cast<double>(value_of(row[k] & ~0x1fffu));
  const uint32_t pair = row[k / 2];
  return static_cast<double>(value_of(k % 2 == 0 ? pair << 16 : pair & 0xffff0000u));
}

}  // namespace

void Warpgroups::begin_block() {
  if (!all_.empty()) all_.clear();
}

Warpgroups::Warpgroup& Warpgroups::of(Scheduler& scheduler, const char* what, Site site) {
  if (scheduler.threads() % kWarpgroupThreads != 0) {
    scheduler.fail(cudaErrorIllegalInstruction, "%s (%s:%d) needs whole warpgroups of 128 threads; the block has %d",
                   what, site.name(), site.line, scheduler.threads());
  }
  if (all_.empty()) all_.resize(static_cast<size_t>(scheduler.threads() / kWarpgroupThreads));
  return all_[static_cast<size_t>(scheduler.running().number / kWarpgroupThreads)];
}

Warpgroups::Issuer& Warpgroups::issuer_of(Scheduler& scheduler, Warpgroup& group) {
  return group.issuers[scheduler.running().number % kWarpgroupThreads];
}

void Warpgroups::fence(Scheduler& scheduler, Site site) {
  issuer_of(scheduler, of(scheduler, "wgmma.fence", site)).fenced = true;
}

void Warpgroups::check_held(Scheduler& scheduler, const Held& held, Site site) {
  for (size_t i = 0; i < held.values.size(); ++i) {
    if (std::memcmp(held.d + i, &kSharedPattern, sizeof kSharedPattern) == 0) continue;
    scheduler.fail(cudaErrorLaunchFailure,
                   "wgmma (%s:%d): accumulator %zu was written while a product that uses it was under way", site.name(),
                   site.line, i);
  }
}

void Warpgroups::multiply(Scheduler& scheduler, const WarpgroupProduct& product, float* d) {
  Warpgroup& group = of(scheduler, "wgmma", product.site);
  Issuer& issuer = issuer_of(scheduler, group);
  if (!issuer.fenced) {
    scheduler.fail(cudaErrorLaunchFailure,
                   "wgmma (%s:%d) without a wgmma.fence since the kernel's start or the last wait",
                   product.site.name(), product.site.line);
  }
  const uint64_t index = issuer.issued++;
  if (index == group.computed + group.products.size()) {
    group.products.emplace_back();
    Pending& first = group.products.back();
    first.product = product;
    read_operand(scheduler, product.a, product.major_a, kRows, product.site, first.a);
    read_operand(scheduler, product.b, product.major_b, product.n, product.site, first.b);
  }
  Pending& pending = group.products[index - group.computed];
  if (!same(pending.product, product)) {
    scheduler.fail(cudaErrorLaunchFailure,
                   "wgmma (%s:%d): another thread of the warpgroup issued another product in its place (%s:%d)",
                   product.site.name(), product.site.line, pending.product.site.name(), pending.product.site.line);
  }
  pending.d[scheduler.running().number % kWarpgroupThreads] = d;
  Held* held = nullptr;
  for (Held& each : issuer.held) {
    if (each.d == d) held = &each;
  }
  if (held == nullptr) {
    issuer.held.push_back({d, index, std::vector<float>(d, d + product.n / 2)});
    std::fill_n(d, product.n / 2, pattern());
  } else {
    check_held(scheduler, *held, product.site);
    held->last = index;
  }
  if (++pending.arrived == kWarpgroupThreads) scheduler.wake(group.waiting);
}

void Warpgroups::commit(Scheduler& scheduler, Site site) {
  Issuer& issuer = issuer_of(scheduler, of(scheduler, "wgmma.commit_group", site));
  issuer.groups.push_back(issuer.issued);
}

void Warpgroups::check_operands(Scheduler& scheduler, const Pending& pending) {
  const WarpgroupProduct& product = pending.product;
  read_operand(scheduler, product.a, product.major_a, kRows, product.site, words_);
  bool same = words_ == pending.a;
  read_operand(scheduler, product.b, product.major_b, product.n, product.site, words_);
  same = same && words_ == pending.b;
  if (same) return;
  scheduler.fail(cudaErrorLaunchFailure,
                 "wgmma (%s:%d): shared memory that it reads was written before wgmma.wait_group",
                 product.site.name(), product.site.line);
}

// The oldest product, which all threads have issued. With g = lane / 4 and t = lane % 4, accumulators 4 i .. 4 i + 3 of
// a thread of warp w are rows 16 w + g (two) and 16 w + g + 8 (two), columns 8 i + 2 t and the next.
void Warpgroups::compute(Scheduler& scheduler, Warpgroup& group) {
  const Pending& pending = group.products.front();
  check_operands(scheduler, pending);
  const WarpgroupProduct& product = pending.product;
  const int n = product.n, depth = product.type == MatrixType::kTf32 ? 8 : 16;
  b_.resize(static_cast<size_t>(depth * n));
  sums_.assign(static_cast<size_t>(kRows * n), 0.0);
  for (int k = 0; k < depth; ++k) {
    for (int j = 0; j < n; ++j) {
      b_[static_cast<size_t>(k * n + j)] = element(product.type, &pending.b[static_cast<size_t>(j) * kOperandWords], k);
    }
  }
  for (int i = 0; i < kRows; ++i) {
    double* sums = &sums_[static_cast<size_t>(i * n)];
    for (int k = 0; k < depth; ++k) {
      const double a = element(product.type, &pending.a[static_cast<size_t>(i) * kOperandWords], k);
      const double* b = &b_[static_cast<size_t>(k * n)];
      for (int j = 0; j < n; ++j) sums[j] += a * b[j];
    }
  }
  for (int thread = 0; thread < kWarpgroupThreads; ++thread) {
    const int row = thread / 32 * 16 + thread % 32 / 4, column = thread % 4 * 2;
    for (Held& held : group.issuers[thread].held) {
      if (held.d != pending.d[thread]) continue;
      for (int i = 0; i < n / 2; ++i) {
        const double sum = sums_[static_cast<size_t>((row + i / 2 % 2 * 8) * n + i / 4 * 8 + column + i % 2)];
        float& value = held.values[static_cast<size_t>(i)];
        value = static_cast<float>(product.accumulate ? static_cast<double>(value) + sum : sum);
      }
    }
  }
  group.products.pop_front();
  ++group.computed;
}

void Warpgroups::wait(Scheduler& scheduler, int pending_groups, Site site) {
  Warpgroup& group = of(scheduler, "wgmma.wait_group", site);
  Issuer& issuer = issuer_of(scheduler, group);
  issuer.fenced = false;
  const size_t pending = static_cast<size_t>(pending_groups);
  if (issuer.groups.size() <= pending) return;
  const size_t complete = issuer.groups.size() - pending;
  const uint64_t wanted = issuer.groups[complete - 1];
  issuer.groups.erase(issuer.groups.begin(), issuer.groups.begin() + static_cast<ptrdiff_t>(complete));
  while (group.computed < wanted) {
    if (group.products.front().arrived == kWarpgroupThreads) {
      compute(scheduler, group);
    } else {
      scheduler.wait_in(group.waiting, Wait::kWarpgroup, site);
    }
  }
  for (size_t i = issuer.held.size(); i-- > 0;) {
    Held& held = issuer.held[i];
    if (held.last >= wanted) continue;
    check_held(scheduler, held, site);
    std::copy(held.values.begin(), held.values.end(), held.d);
    issuer.held.erase(issuer.held.begin() + static_cast<ptrdiff_t>(i));
  }
}

void Warpgroups::set_registers(Scheduler& scheduler, bool increase, int count, Site site) {
  Issuer& issuer = issuer_of(scheduler, of(scheduler, "setmaxnreg", site));
  const int now = issuer.registers != 0 ? issuer.registers : initial_registers(scheduler.threads());
  if (increase ? count < now : count > now) {
    scheduler.fail(cudaErrorLaunchFailure, "setmaxnreg.%s (%s:%d) to %d registers of a thread that has %d",
                   increase ? "inc" : "dec", site.name(), site.line, count, now);
  }
  issuer.registers = count;
}

void Warpgroups::end_thread(Scheduler& scheduler) {
  if (all_.empty()) return;
  Warpgroup& group = all_[static_cast<size_t>(scheduler.running().number / kWarpgroupThreads)];
  if (issuer_of(scheduler, group).held.empty()) return;
  scheduler.fail(cudaErrorLaunchFailure,
                 "the thread returns while a wgmma is under way: wgmma.wait_group waits for it");
}

void Warpgroups::end_block(Scheduler& scheduler) {
  if (all_.empty()) return;
  const int initial = initial_registers(scheduler.threads());
  int registers = 0;
  for (size_t group = 0; group < all_.size(); ++group) {
    const Issuer* issuers = all_[group].issuers;
    for (int thread = 0; thread < kWarpgroupThreads; ++thread) {
      registers += issuers[thread].registers != 0 ? issuers[thread].registers : initial;
      if (issuers[thread].registers == issuers[0].registers) continue;
      scheduler.blame(static_cast<int>(group) * kWarpgroupThreads + thread);
      scheduler.fail(cudaErrorLaunchFailure, "setmaxnreg: threads of one warpgroup ask for %d and for %d registers",
                     issuers[0].registers, issuers[thread].registers);
    }
  }
  if (registers > initial * scheduler.threads()) {
    scheduler.fail(cudaErrorLaunchFailure,
                   "setmaxnreg: the block's threads ask for %d registers together, and it has %d (%d a thread): on a "
                   "GPU they would wait for ever",
                   registers, initial * scheduler.threads(), initial);
  }
}

void Warpgroups::explain(Scheduler& scheduler, const ThreadState& waiting) const {
  const Warpgroup& group = all_[static_cast<size_t>(waiting.number / kWarpgroupThreads)];
  const Pending& pending = group.products.front();
  scheduler.fail(cudaErrorLaunchFailure,
                 "deadlock: the thread waits at wgmma.wait_group (%s:%d) for a product (%s:%d) that %d of the "
                 "warpgroup's 128 threads have issued",
                 waiting.site.name(), waiting.site.line, pending.product.site.name(), pending.product.site.line,
                 pending.arrived);
}

}  // namespace azj::emulation

// The GEMM ladder's host side: descriptors become problems, problems find their rung, rungs say what they cannot do.
#include "gemm.hpp"

#include <cinttypes>
#include <climits>
#include <cmath>

#include "check.hpp"
#include "error.hpp"
#include "gemm_hopper.hpp"
#include "grid.hpp"

namespace azj::cuda {

namespace {

int device_attribute(cudaDeviceAttr attribute) {
  int device = 0, value = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&value, attribute, device), "cudaDeviceGetAttribute");
  return value;
}

std::string text(int64_t value) { return std::to_string(value); }

std::string capability_text() {
  return "this device has " + text(device_attribute(cudaDevAttrComputeCapabilityMajor)) + "." +
         text(device_attribute(cudaDevAttrComputeCapabilityMinor));
}

}  // namespace

GemmProblem gemm_problem(const azj_gemm_desc& d, const float* a, const float* b, float* c) {
  GemmProblem p;
  p.m = d.m;
  p.n = d.n;
  p.k = d.k;
  p.a.data = a;
  p.a.row_stride = d.transpose_a ? 1 : d.lda;
  p.a.column_stride = d.transpose_a ? d.lda : 1;
  p.b.data = b;
  p.b.row_stride = d.transpose_b ? 1 : d.ldb;
  p.b.column_stride = d.transpose_b ? d.ldb : 1;
  p.c = c;
  p.ldc = d.ldc;
  p.epilogue.alpha = d.alpha;
  p.epilogue.beta = d.beta;
  return p;
}

bool supports(GemmRung rung, const GemmProblem& p, std::string& reason) {
  const int rung_number = static_cast<int>(rung);
  if (p.m > kMaxGemmExtent || p.n > kMaxGemmExtent || p.k > kMaxGemmExtent) {
    reason = "a GEMM of m = " + text(p.m) + ", n = " + text(p.n) + ", k = " + text(p.k) +
             "; the CUDA kernels take each up to " + text(kMaxGemmExtent);
    return false;
  }
  switch (rung) {
    case GemmRung::ONE_BLOCK:
    case GemmRung::ONE_BLOCK_SHARED:
      if (p.m * p.n <= kOneBlockElements) return true;
      reason = "GEMM rung " + text(rung_number) + " computes C in one block with a thread for each element, " +
               "at most " + text(kOneBlockElements) + "; C is " + text(p.m) + " x " + text(p.n) + " = " +
               text(p.m * p.n) + ". Rungs 3 and up have no such limit";
      return false;
    case GemmRung::GRID:
    case GemmRung::TILED:
    case GemmRung::REGISTER:
      return true;
    case GemmRung::TENSOR_TF32:
    case GemmRung::TENSOR_BF16:
      return has_tensor_cores(reason);
    case GemmRung::HOPPER_TF32:
    case GemmRung::HOPPER_BF16:
      if (p.batch > INT_MAX / p.groups) {
        reason = "a batch of " + text(p.batch) + " x " + text(p.groups) + " products; GEMM rung " + text(rung_number) +
                 " takes up to " + text(INT_MAX);
        return false;
      }
      return has_hopper(reason);
  }
  reason = "there is no GEMM rung " + text(rung_number);
  return false;
}

bool has_tensor_cores(std::string& reason) {
  const int major = device_attribute(cudaDevAttrComputeCapabilityMajor);
  if (major >= 8) return true;
  reason = "TF32 and BF16 products on tensor cores need compute capability 8.0; " + capability_text();
  return false;
}

bool has_hopper(std::string& reason) {
  const int major = device_attribute(cudaDevAttrComputeCapabilityMajor);
  if (major == 9 && device_attribute(cudaDevAttrComputeCapabilityMinor) == 0) return true;
  reason = "wgmma is an instruction of compute capability 9.0 alone; " + capability_text();
  return false;
}

uint64_t gemm_workspace_bytes(GemmRung rung, const GemmProblem& p) {
  if (rung == GemmRung::HOPPER_TF32) return gemm_hopper_workspace_bytes(p, false);
  if (rung == GemmRung::HOPPER_BF16) return gemm_hopper_workspace_bytes(p, true);
  return 0;
}

void gemm(cudaStream_t stream, GemmRung rung, const GemmProblem& p, void* workspace) {
  std::string reason;
  if (!supports(rung, p, reason)) throw Error(AZJ_UNSUPPORTED, reason);
  switch (rung) {
    case GemmRung::ONE_BLOCK: return gemm_one_block(stream, p);
    case GemmRung::ONE_BLOCK_SHARED: return gemm_one_block_shared(stream, p);
    case GemmRung::GRID: return gemm_grid(stream, p);
    case GemmRung::TILED: return gemm_tiled(stream, p);
    case GemmRung::REGISTER: return gemm_register(stream, p);
    case GemmRung::TENSOR_TF32: return gemm_tensor_tf32(stream, p);
    case GemmRung::TENSOR_BF16: return gemm_tensor_bf16(stream, p);
    case GemmRung::HOPPER_TF32: return gemm_hopper_tf32(stream, p, workspace);
    case GemmRung::HOPPER_BF16: return gemm_hopper_bf16(stream, p, workspace);
  }
}

int multiprocessors() { return device_attribute(cudaDevAttrMultiProcessorCount); }

unsigned tile_count(int64_t m, int64_t n, int tile_m, int tile_n) {
  const int64_t rows = divide_up(m, tile_m), columns = divide_up(n, tile_n);
  if (rows > INT_MAX / columns) {
    fail(AZJ_UNSUPPORTED, "a product of %" PRId64 " x %" PRId64 " elements is %" PRId64 " x %" PRId64
         " tiles; a grid has at most 2^31 - 1", m, n, rows, columns);
  }
  return static_cast<unsigned>(rows * columns);
}

GemmTile choose_tile(int64_t m, int64_t n, int64_t products, bool simt) {
  // Time of one tile: its multiply-adds over the share of the FP32 peak that the other instructions leave. These are
  // estimates from the machine code (docs/performance-gpu.md).
  struct Choice {
    GemmTile tile;
    double efficiency;
  };
  constexpr Choice kChoices[] = {
      {GemmTile::WIDE, 0.91}, {GemmTile::LARGE, 0.84}, {GemmTile::MEDIUM, 0.67}, {GemmTile::SMALL, 0.42}};
  const int processors = multiprocessors();
  GemmTile best = GemmTile::AUTO;
  double best_time = 0;
  for (const Choice& choice : kChoices) {
    const bool square = choice.tile == GemmTile::LARGE || choice.tile == GemmTile::MEDIUM;
    if (!simt && !square) continue;
    const int rows = tile_rows(choice.tile), columns = tile_columns(choice.tile);
    const double tiles = static_cast<double>(divide_up(m, rows)) * static_cast<double>(divide_up(n, columns)) *
                         static_cast<double>(products);
    const double time = std::ceil(tiles / processors) * rows * columns / choice.efficiency;
    if (best == GemmTile::AUTO || time < best_time) {
      best = choice.tile;
      best_time = time;
    }
  }
  return best;
}

}  // namespace azj::cuda

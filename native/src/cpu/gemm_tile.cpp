#include "gemm_tile.hpp"

#include "lanes.hpp"

namespace azj::cpu::AZJ_ISA {

namespace {

// Rows of the sum over k between two visits of C: a packed panel of B (kBlockK x kTileColumns) stays in the L1 cache.
constexpr int64_t kBlockK = 256;
// Rows of A packed at a time, when packing A pays (see gemm_broadcast).
constexpr int64_t kBlockM = 8 * kTileRows;
// From this many columns on, copying A into the order in which it is read costs less than reading it with a stride.
constexpr int64_t kPackAColumns = 256;
// A^T whose rows are this far apart has every row of a tile on another page: copied for two panels of columns already.
constexpr int64_t kFarRows = 1024;
// gemm_dot: length of the dot products between two visits of C, so that four rows of B stay in the L1 cache.
constexpr int64_t kBlockDot = 1024;

constexpr int64_t kLineFloats = 16;  // of a cache line

inline void write(float* c, Vec sum, float alpha, float beta) {
  store(c, beta == 0 ? alpha * sum : alpha * sum + beta * load(c));
}

// Row i of a tile, from one pointer for every three rows: the processor's addressing modes give p, p + s and p + 2 s for
// free, and four pointers leave enough registers for twelve rows.
struct RowPointers {
  const char* base[(kTileRows + 2) / 3];
  int64_t stride;  // bytes
  float operator()(int i) const { return *reinterpret_cast<const float*>(base[i / 3] + (i % 3) * stride); }
};

// Rows x Vectors sums in registers: C[i][j] = alpha * sum_p A[i][p] B[p][j] + beta * C[i][j]. Step p fetches the line
// at ahead[p * ahead_step].
template <int Rows, int Vectors>
void tile(int64_t k, Matrix a, const float* b, int64_t ldb, float alpha, float beta, float* c, int64_t ldc,
          const float* ahead, int64_t ahead_step) {
  Vec sums[Rows][Vectors] = {};
  RowPointers row;
  row.stride = a.row_stride * static_cast<int64_t>(sizeof(float));
  for (int g = 0; g < (Rows + 2) / 3; ++g) row.base[g] = reinterpret_cast<const char*>(a.data) + 3 * g * row.stride;
  const int64_t step = a.column_stride * static_cast<int64_t>(sizeof(float));
  for (int64_t p = 0; p < k; ++p) {
    Vec bv[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) bv[v] = load(b + v * kLanes);
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) {
      const Vec av = splat(row(i));
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) sums[i][v] += av * bv[v];
    }
#pragma GCC unroll 4
    for (int g = 0; g < (Rows + 2) / 3; ++g) row.base[g] += step;
    b += ldb;
    __builtin_prefetch(ahead, 0, 2);
    ahead += ahead_step;
  }
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) write(c + i * ldc + v * kLanes, sums[i][v], alpha, beta);
  }
}

using Tile = void (*)(int64_t, Matrix, const float*, int64_t, float, float, float*, int64_t, const float*, int64_t);

// Tiles by their number of rows, for the last rows of a matrix.
template <int Vectors>
struct Tiles;
#define AZJ_TILES(V)                                                                                                 \
  template <>                                                                                                        \
  struct Tiles<V> {                                                                                                  \
    static constexpr Tile by_rows[13] = {nullptr,    tile<1, V>, tile<2, V>, tile<3, V>,  tile<4, V>,  tile<5, V>,  \
                                         tile<6, V>, AZJ_WIDE(7, V), AZJ_WIDE(8, V), AZJ_WIDE(9, V),                 \
                                         AZJ_WIDE(10, V), AZJ_WIDE(11, V), AZJ_WIDE(12, V)};                         \
  }
// Instruction sets with 16 registers have tiles of up to 6 rows.
#define AZJ_WIDE(R, V) tile<(kTileRows >= R ? R : 1), V>
AZJ_TILES(1);
AZJ_TILES(2);
#undef AZJ_WIDE
#undef AZJ_TILES

}  // namespace

void gemm_panel(int64_t m, int64_t n, int64_t k, float alpha, Matrix a, const float* b, int64_t ldb, float beta,
                float* c, int64_t ldc, const Ahead& ahead) {
  const int vectors = n > kLanes ? 2 : 1;
  const Tile* tiles = vectors == 2 ? Tiles<2>::by_rows : Tiles<1>::by_rows;
  const bool whole = n == vectors * kLanes;
  alignas(64) float edge[kTileRows * kTileColumns];
  for (int64_t i = 0; i < m; i += kTileRows) {
    const bool fetches = i < ahead.lines * kTileRows;  // each tile one line of all rows
    const float* line = fetches ? ahead.line + i / kTileRows * kLineFloats : b;
    const int64_t step = fetches ? ahead.step : 0;
    if (ahead.c) {
      for (int64_t r = i + kTileRows; r < min(i + 2 * kTileRows, m); ++r) {
        for (int64_t j = 0; j < n; j += kLineFloats) __builtin_prefetch(c + r * ldc + j, 1, 3);
      }
    }
    const int rows = static_cast<int>(min(kTileRows, m - i));
    const Matrix rows_of_a{a.data + i * a.row_stride, a.row_stride, a.column_stride};
    float* out = c + i * ldc;
    if (whole) {
      tiles[rows](k, rows_of_a, b, ldb, alpha, beta, out, ldc, line, step);
      continue;
    }
    tiles[rows](k, rows_of_a, b, ldb, alpha, 0, edge, kTileColumns, line, step);
    for (int r = 0; r < rows; ++r) {
      const float* from = edge + r * kTileColumns;
      float* to = out + r * ldc;
      if (beta == 0) {
        copy_row(to, from, n);
      } else {
        for (int64_t j = 0; j < n; ++j) to[j] = from[j] + beta * to[j];
      }
    }
  }
}

namespace {

// packed[p][j] = B[p][j] for kTileColumns columns, zero beyond n.
void pack_b(int64_t k, int64_t n, Matrix b, float* packed) {
  if (b.column_stride == 1) {
    for (int64_t p = 0; p < k; ++p, packed += kTileColumns) {
      const float* row = b.data + p * b.row_stride;
      if (n == kTileColumns) {
        store(packed, load(row));
        store(packed + kLanes, load(row + kLanes));
      } else {
        copy_row(packed, row, n);
        zero_row(packed + n, kTileColumns - n);
      }
    }
    return;
  }
  for (int64_t j = 0; j < kTileColumns; j += kLanes) {  // transposed: columns are contiguous
    transpose_to_lanes(b.data + j * b.column_stride, b.column_stride, max(0, min(kLanes, n - j)), k, packed + j,
                       kTileColumns);
  }
}

// packed: for each group of kTileRows rows, [p][row].
void pack_a(int64_t m, int64_t k, Matrix a, float* packed) {
  for (int64_t i = 0; i < m; i += kTileRows, packed += k * kTileRows) {
    const int64_t rows = min(kTileRows, m - i);
    const float* from = a.data + i * a.row_stride;
    if (a.row_stride == 1) {
      for (int64_t p = 0; p < k; ++p) copy_row(packed + p * kTileRows, from + p * a.column_stride, rows);
    } else if (kTileRows <= kLanes) {
      transpose_to_lanes(from, a.row_stride, rows, k, packed, kTileRows);
    } else {
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t p = 0; p < k; ++p) packed[p * kTileRows + r] = from[r * a.row_stride + p];
      }
    }
  }
}

}  // namespace

void gemm_broadcast(int64_t m, int64_t n, int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c,
                    int64_t ldc) {
  alignas(64) float packed_b[kBlockK * kTileColumns];
  alignas(64) float packed_a[kBlockM * kBlockK];
  const bool packs_a = a.row_stride != 1 ? n >= kPackAColumns : a.column_stride >= kFarRows && n > kTileColumns;
  const int64_t block_m = packs_a ? kBlockM : m;
  for (int64_t p = 0; p < k; p += kBlockK) {
    const int64_t depth = min(kBlockK, k - p);
    const float block_beta = p == 0 ? beta : 1;
    for (int64_t i = 0; i < m; i += block_m) {
      const int64_t rows = min(block_m, m - i);
      const Matrix block_a{a.data + i * a.row_stride + p * a.column_stride, a.row_stride, a.column_stride};
      if (packs_a) pack_a(rows, depth, block_a, packed_a);
      for (int64_t j = 0; j < n; j += kTileColumns) {
        const int64_t columns = min(kTileColumns, n - j);
        const Matrix block_b{b.data + p * b.row_stride + j * b.column_stride, b.row_stride, b.column_stride};
        const float* panel_b = block_b.data;
        int64_t ldb = block_b.row_stride;
        // Packing pays when several row tiles read the panel; it must be done where a tile would read past the end.
        if (rows > kTileRows || columns < kTileColumns || b.column_stride != 1) {
          pack_b(depth, columns, block_b, packed_b);
          panel_b = packed_b;
          ldb = kTileColumns;
        }
        float* block_c = c + i * ldc + j;
        // A panel's rows are far apart: the processor does not foresee the next panel, nor the rows of C.
        Ahead ahead;
        ahead.c = p == 0;
        if (b.column_stride == 1 && j + kTileColumns < n) {
          ahead.line = block_b.data + kTileColumns;
          ahead.lines = kTileColumns / kLineFloats;
          ahead.step = block_b.row_stride;
        }
        if (!packs_a) {
          gemm_panel(rows, columns, depth, alpha, block_a, panel_b, ldb, block_beta, block_c, ldc, ahead);
          continue;
        }
        for (int64_t r = 0; r < rows; r += kTileRows) {
          const Matrix tile_a{packed_a + r * depth, 1, kTileRows};
          gemm_panel(min(kTileRows, rows - r), columns, depth, alpha, tile_a, panel_b, ldb, block_beta,
                     block_c + r * ldc, ldc, ahead);
          ahead.line += kLineFloats;
          ahead.lines = max(0, ahead.lines - 1);
        }
      }
    }
  }
}

namespace {

// A tile of gemm_dot: kDotRows x kDotColumns dot products, as many as a vector has lanes.
constexpr int kDotColumns = kLanes == 16 ? 4 : 2;
constexpr int kDotRows = kLanes / kDotColumns;

// The last `rest` lanes are all ones.
inline Ints last_lanes(int64_t rest) {
  Ints mask;
  for (int i = 0; i < kLanes; ++i) mask[i] = i >= kLanes - rest ? -1 : 0;
  return mask;
}

inline Vec load_masked(const float* p, Ints mask) {
  return reinterpret_cast<Vec>(reinterpret_cast<Ints>(load(p)) & mask);
}

Vec dot_tile(int64_t k, const float* const (&a)[kDotRows], const float* const (&b)[kDotColumns]) {
  Vec sums[kLanes] = {};
  auto add = [&](auto&& loaded) __attribute__((always_inline)) {
    Vec bv[kDotColumns];
#pragma GCC unroll 4
    for (int j = 0; j < kDotColumns; ++j) bv[j] = loaded(b[j]);
#pragma GCC unroll 4
    for (int i = 0; i < kDotRows; ++i) {
      const Vec av = loaded(a[i]);
#pragma GCC unroll 4
      for (int j = 0; j < kDotColumns; ++j) sums[i * kDotColumns + j] += av * bv[j];
    }
  };
  int64_t p = 0;
  for (; p + kLanes <= k; p += kLanes) add([p](const float* row) { return load(row + p); });
  if (p < k) {
    if (k >= kLanes) {  // the last whole vector again, without the lanes already counted
      const Ints mask = last_lanes(k - p);
      add([k, mask](const float* row) { return load_masked(row + k - kLanes, mask); });
    } else {
      add([k](const float* row) { return load_first(row, k); });
    }
  }
  return sum_each(sums);
}

}  // namespace

void gemm_dot(int64_t m, int64_t n, int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c, int64_t ldc) {
  for (int64_t p = 0; p < k; p += kBlockDot) {
    const int64_t depth = min(kBlockDot, k - p);
    const float block_beta = p == 0 ? beta : 1;
    for (int64_t j = 0; j < n; j += kDotColumns) {
      // Past the edge the last row or column is computed again and not stored.
      const float* columns[kDotColumns];
      for (int q = 0; q < kDotColumns; ++q) columns[q] = b.data + min(j + q, n - 1) * b.column_stride + p;
      const int64_t width = min(kDotColumns, n - j);
      for (int64_t i = 0; i < m; i += kDotRows) {
        const float* rows[kDotRows];
        for (int q = 0; q < kDotRows; ++q) rows[q] = a.data + min(i + q, m - 1) * a.row_stride + p;
        const Vec sums = dot_tile(depth, rows, columns);
        const int64_t height = min(kDotRows, m - i);
        for (int64_t r = 0; r < height; ++r) {
          float* out = c + (i + r) * ldc + j;
          for (int64_t q = 0; q < width; ++q) {
            const float sum = alpha * sums[r * kDotColumns + q];
            out[q] = block_beta == 0 ? sum : sum + block_beta * out[q];
          }
        }
      }
    }
  }
}

void gemm_serial(int64_t m, int64_t n, int64_t k, float alpha, Matrix a, Matrix b, float beta, float* c, int64_t ldc) {
  // With 16 registers and many rows, transposing B once a panel is cheaper than reducing every dot product.
  const bool dot = b.column_stride != 1 && a.column_stride == 1 && (kLanes == 16 || m < 16 * kTileRows);
  (dot ? gemm_dot : gemm_broadcast)(m, n, k, alpha, a, b, beta, c, ldc);
}

}  // namespace azj::cpu::AZJ_ISA

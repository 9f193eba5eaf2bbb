// How a product on wgmma is divided among the multiprocessors: its tile, and into how many slices k is cut.
//
// With fewer tiles than multiprocessors the slices of a tile are computed by several blocks. Each slice leaves its part
// of the sums in memory, and the parts are added in their order (hopper_split.cuh): the same bits every time.
#pragma once

#include <cstdint>

#include "gemm.hpp"

namespace azj::cuda {

struct HopperPlan {
  GemmTile tile = GemmTile::AUTO;  // SMALL 64 x 256, MEDIUM 128 x 128, LARGE 128 x 256
  int slices = 0;                  // 0: as many as are quickest
};

// `products` products of m x n, each in `steps` stages of k.
struct HopperProduct {
  int64_t m, n, products, steps;
  bool always_parts;  // a tile that is not cut is stored as a part, too
};

constexpr int rows_of(GemmTile tile) { return tile == GemmTile::SMALL ? 64 : 128; }
constexpr int columns_of(GemmTile tile) { return tile == GemmTile::MEDIUM ? 128 : 256; }

// What `wanted` leaves open, chosen for the current device. Depends on nothing but the product and the device.
HopperPlan complete_plan(const HopperPlan& wanted, const HopperProduct& product);

// Bytes that suffice for the parts of this product and of every one with fewer columns or steps.
uint64_t part_bytes(const HopperPlan& wanted, const HopperProduct& product);

}  // namespace azj::cuda

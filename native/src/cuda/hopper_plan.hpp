// How a product on wgmma is divided among the multiprocessors: its tile, and into how many slices k is cut.
//
// With fewer tiles than multiprocessors the slices of a tile are computed by several blocks. Each slice leaves its part
// of the sums in memory, and the parts are added in their order (hopper_split.cuh): the same bits every time.
#pragma once

#include <cstdint>
#include <vector>

#include "grid.hpp"

namespace azj::cuda {

struct HopperPlan {
  GemmTile tile = GemmTile::AUTO;  // SMALL 64 x 256, NARROW 64 x 192, MEDIUM 128 x 128, LARGE 128 x 256
  int slices = 0;                  // 0: as many as are quickest
  bool pairs = true;               // wanted: where tiles pair up; complete: two blocks, a cluster, take two neighbours
};

// How a tile that is not cut leaves the registers, of which some ways are quicker; a slice becomes a part.
enum class TileStore {
  FLOATS,       // float32, column by column (hopper_store.cuh)
  PIXELS,       // BF16, channels last (bf16_store.cuh)
  BOXES,        // BF16, by the copy engine (hopper_boxes.cuh)
  FLOAT_BOXES,  // float32, likewise
  PARTS         // as a part, too
};

// `products` products of m x n, each in `steps` stages of k.
struct HopperProduct {
  int64_t m, n, products, steps;
  TileStore store;
  bool pairs = false;   // the kernel has clusters of two, of MEDIUM and LARGE tiles
  bool narrow = false;  // the kernel has NARROW tiles
};

constexpr int rows_of(GemmTile tile) { return tile == GemmTile::SMALL || tile == GemmTile::NARROW ? 64 : 128; }
constexpr int columns_of(GemmTile tile) {
  return tile == GemmTile::MEDIUM ? 128 : tile == GemmTile::NARROW ? 192 : 256;
}

// What `wanted` leaves open, chosen for so many multiprocessors. Depends on nothing but the product and their number.
HopperPlan complete_plan(const HopperPlan& wanted, const HopperProduct& product,
                         int64_t processors = multiprocessors());

// Bytes that suffice for the parts of this product and of every one with fewer columns or steps.
uint64_t part_bytes(const HopperPlan& wanted, const HopperProduct& product);

// Bytes for the parts of this product alone, divided by a complete plan.
uint64_t planned_part_bytes(const HopperPlan& plan, const HopperProduct& product);

// The same of products that one launch computes one after the other, the one of most steps first; they differ in
// columns and steps alone. The slices are those of the first; the others are cut into slices of at most that length.
HopperPlan complete_plan(const HopperPlan& wanted, const std::vector<HopperProduct>& products,
                         int64_t processors = multiprocessors());
HopperPlan plan_of(const HopperPlan& plan, const HopperProduct& first, const HopperProduct& product);
uint64_t part_bytes(const HopperPlan& wanted, const std::vector<HopperProduct>& products);

}  // namespace azj::cuda

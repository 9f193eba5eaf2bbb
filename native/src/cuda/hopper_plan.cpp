#include "hopper_plan.hpp"

#include <algorithm>

namespace azj::cuda {

namespace {

using Products = std::vector<HopperProduct>;

// Estimates, in cycles of a multiprocessor, from the counts in docs/performance-gpu.md.
constexpr double kStepCycles = 1024;    // one stage of a 128 x 256 tile on the tensor cores
constexpr double kLaunchCycles = 4000;  // of the kernel that adds the parts
constexpr double kBytesPerCycle = 2000; // that all multiprocessors together write and read again

constexpr int kMaxRounds = 2;  // of parts, when tiles are cut
// What a cut has to gain: the estimates leave out that more blocks at a time read more out of L2.
constexpr double kCutGain = 1.05;

// Of 256 columns by warps of 16 rows: through float32 a word at a time, or rounded in registers. Boxes of float32 and
// parts are 128 KB a tile, which leave a multiprocessor at 64 bytes a cycle.
double store_cycles(TileStore store) {
  switch (store) {
    case TileStore::PIXELS: return 1500;
    case TileStore::BOXES: return 600;
    case TileStore::FLOAT_BOXES:
    case TileStore::PARTS: return 2000;
    default: return 4000;
  }
}

// Tiles of 64 rows are for products that have no more.
std::vector<GemmTile> candidates(const HopperPlan& wanted, const HopperProduct& p) {
  if (wanted.tile != GemmTile::AUTO) return {wanted.tile};
  if (p.m <= rows_of(GemmTile::SMALL)) {
    if (p.narrow) return {GemmTile::SMALL, GemmTile::NARROW, GemmTile::MEDIUM};
    return {GemmTile::SMALL, GemmTile::MEDIUM};
  }
  return {GemmTile::LARGE, GemmTile::MEDIUM};
}

// Stages in the time of one of the large tile. Less where a block reads more for its products: in BF16 a byte for 85
// FLOP of the large tile, 128 in pairs; for 64 of half of it, 85 in pairs. A stage of 64 x 192 has the bytes of half a
// tile, where 64 x 256 has a quarter more.
double rate_of(GemmTile tile, bool pairs) {
  switch (tile) {
    case GemmTile::LARGE: return pairs ? 1.03 : 1;
    case GemmTile::NARROW: return 2;
    default: return pairs ? 1.9 : 1.6;
  }
}

// Consumers take whole tiles in turns.
bool takes_turns(GemmTile tile) { return rows_of(tile) == 64; }

// Whether every tile has a neighbour in the order of TileOrder, of the same product and slice: below it or, of one row
// of tiles, beside it.
bool pairs_up(GemmTile tile, const Products& products) {
  return std::all_of(products.begin(), products.end(), [&](const HopperProduct& p) {
    if (takes_turns(tile) || !p.pairs) return false;
    const int64_t rows = divide_up(p.m, rows_of(tile)), columns = divide_up(p.n, columns_of(tile));
    return rows % 2 == 0 || (rows == 1 && columns % 2 == 0);
  });
}

int64_t tiles_of(GemmTile tile, const HopperProduct& p) {
  return divide_up(p.m, rows_of(tile)) * divide_up(p.n, columns_of(tile)) * p.products;
}

int64_t tiles_of(GemmTile tile, const Products& products) {
  int64_t tiles = 0;
  for (const HopperProduct& p : products) tiles += tiles_of(tile, p);
  return tiles;
}

int64_t bytes_of(GemmTile tile) { return int64_t{rows_of(tile)} * columns_of(tile) * 4; }

// Of the multiprocessor that begins: it has the longest piece of every round. Of a tile of 64 rows one consumer stores
// while the other multiplies: only the last store is waited for.
double cycles(const HopperPlan& plan, const Products& products, int64_t processors) {
  const GemmTile tile = plan.tile;
  const double rate = rate_of(tile, plan.pairs);
  double work = 0, store = 0;
  int64_t pieces = 0, parts = 0;
  for (const HopperProduct& p : products) {
    const int64_t slices = plan_of(plan, products.front(), p).slices;
    const double wide_store = store_cycles(slices > 1 ? TileStore::PARTS : p.store);
    store = wide_store * columns_of(tile) / 256;
    const double multiply = static_cast<double>(divide_up(p.steps, slices)) * kStepCycles / rate;
    const int64_t before = pieces;
    pieces += tiles_of(tile, p) * slices;
    if (slices > 1) parts += pieces - before;
    const double rounds = static_cast<double>(divide_up(pieces, processors) - divide_up(before, processors));
    work += rounds * (takes_turns(tile) ? std::max(multiply, store / 2) : multiply + store);
  }
  if (takes_turns(tile)) work += store;
  if (parts == 0) return work;
  return work + kLaunchCycles + static_cast<double>(parts * bytes_of(tile)) / kBytesPerCycle;
}

// Parts of a product whose tiles are cut.
int64_t most_parts(int64_t processors) { return kMaxRounds * processors; }

}  // namespace

HopperPlan plan_of(const HopperPlan& plan, const HopperProduct& first, const HopperProduct& product) {
  const int64_t length = divide_up(first.steps, plan.slices);
  return {plan.tile, static_cast<int>(divide_up(product.steps, length)), plan.pairs};
}

HopperPlan complete_plan(const HopperPlan& wanted, const HopperProduct& p, int64_t processors) {
  return complete_plan(wanted, Products{p}, processors);
}

HopperPlan complete_plan(const HopperPlan& wanted, const Products& products, int64_t processors) {
  HopperPlan best = wanted;
  double best_cycles = 0;
  for (const GemmTile tile : candidates(wanted, products.front())) {
    const int64_t tiles = tiles_of(tile, products), steps = products.front().steps;
    const int64_t most = std::max<int64_t>(1, std::min(most_parts(processors) / tiles, steps));
    const int64_t first = wanted.slices > 0 ? wanted.slices : 1, last = wanted.slices > 0 ? wanted.slices : most;
    for (int64_t slices = first; slices <= last; ++slices) {
      const HopperPlan plan{tile, static_cast<int>(slices), wanted.pairs && pairs_up(tile, products)};
      const double time = cycles(plan, products, processors) * (slices > 1 ? kCutGain : 1);
      if (best_cycles != 0 && time >= best_cycles) continue;
      best = plan;
      best_cycles = time;
    }
  }
  return best;
}

uint64_t part_bytes(const HopperPlan& wanted, const HopperProduct& p) { return part_bytes(wanted, Products{p}); }

uint64_t part_bytes(const HopperPlan& wanted, const Products& products) {
  int64_t bytes = 0;
  const HopperProduct& longest = products.front();
  for (const GemmTile tile : candidates(wanted, longest)) {
    const int64_t tiles = tiles_of(tile, products);
    // A product of fewer columns has fewer tiles, but may be cut into as many parts.
    int64_t parts = longest.steps > 1 ? std::min(most_parts(multiprocessors()), longest.steps * tiles) : 0;
    if (wanted.slices > 0) parts = wanted.slices > 1 ? wanted.slices * tiles : 0;
    if (longest.store == TileStore::PARTS) parts = std::max(parts, tiles);
    bytes = std::max(bytes, parts * bytes_of(tile));
  }
  return static_cast<uint64_t>(bytes);
}

uint64_t planned_part_bytes(const HopperPlan& plan, const HopperProduct& p) {
  if (plan.slices == 1 && p.store != TileStore::PARTS) return 0;
  return static_cast<uint64_t>(tiles_of(plan.tile, p) * plan.slices * bytes_of(plan.tile));
}

}  // namespace azj::cuda

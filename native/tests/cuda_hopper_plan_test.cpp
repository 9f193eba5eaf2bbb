// How products on wgmma are divided among the 132 multiprocessors of an H200.
#include <cstdio>

#include "check.hpp"
#include "hopper_plan.hpp"

namespace {

using namespace azj::cuda;

constexpr int64_t kProcessors = 132;

void expect(const HopperProduct& p, GemmTile tile, int slices, const HopperPlan& wanted = {}) {
  const HopperPlan plan = complete_plan(wanted, p, kProcessors);
  if (plan.tile == tile && plan.slices == slices) return;
  ++failures;
  std::printf("%d x %d in %d stages, store %d: tile %d in %d slices, expected %d in %d\n", static_cast<int>(p.m),
              static_cast<int>(p.n), static_cast<int>(p.steps), static_cast<int>(p.store), static_cast<int>(plan.tile),
              plan.slices, static_cast<int>(tile), slices);
}

// Lines of conv-standard.csv in BF16, forward.
void layers() {
  for (const TileStore store : {TileStore::FLOATS, TileStore::PIXELS}) {
    expect({256, 64 * 56 * 56, 1, 36, store}, GemmTile::LARGE, 1);    // vgg_peak: twelve rounds
    expect({512, 64 * 14 * 14, 1, 72, store}, GemmTile::MEDIUM, 1);   // vgg_deep: three rounds of halves, not two
    expect({64, 32 * 56 * 56, 1, 9, store}, GemmTile::SMALL, 1);      // resnet_3x3
    expect({256, 14 * 14, 1, 36, store}, GemmTile::MEDIUM, 12);       // latency: a single image
  }
  // resnet_3x3's gradient to the weights; what fills a tile of 256 columns has no use for narrower ones.
  expect({64, 576, 1, 1568, TileStore::PARTS}, GemmTile::SMALL, 44);
  expect({64, 576, 1, 1568, TileStore::PARTS, false, true}, GemmTile::NARROW, 44);
  expect({64, 1024, 1, 1568, TileStore::PARTS, false, true}, GemmTile::SMALL, 33);
  CHECK(!complete_plan({GemmTile::NARROW, 1}, {64, 768, 1, 36, TileStore::PARTS, true, true}, kProcessors).pairs);
}

// What a tile's way out costs decides between slices, which become float32 parts, and between tiles.
void stores() {
  const HopperProduct small{64, 196, 1, 9, TileStore::FLOATS}, flat{64, 25088, 1, 1, TileStore::FLOATS};
  expect(small, GemmTile::MEDIUM, 9);
  expect(flat, GemmTile::MEDIUM, 1);
  for (const TileStore store : {TileStore::PIXELS, TileStore::BOXES}) {
    expect({small.m, small.n, 1, small.steps, store}, GemmTile::MEDIUM, 1);
    expect({flat.m, flat.n, 1, flat.steps, store}, GemmTile::SMALL, 1);
  }
}

// Neighbours that share an operand read less: halves of the large tile gain most.
void pairs() {
  const auto plan_of = [](GemmTile tile, int64_t m, int64_t n, bool wanted = true) {
    return complete_plan({tile, 1, wanted}, {m, n, 1, 36, TileStore::PIXELS, true}, kProcessors).pairs;
  };
  for (const GemmTile tile : {GemmTile::MEDIUM, GemmTile::LARGE}) {
    CHECK(plan_of(tile, 256, 100) && plan_of(tile, 500, 3000));  // one below the other
    CHECK(plan_of(tile, 128, 512));                              // side by side
    CHECK(plan_of(tile, 128, 769) == (tile == GemmTile::LARGE));
    CHECK(!plan_of(tile, 300, 512) && !plan_of(tile, 256, 512, false));
  }
  CHECK(!plan_of(GemmTile::SMALL, 64, 512));
  CHECK(!complete_plan({GemmTile::LARGE, 1}, {256, 512, 1, 36, TileStore::PIXELS}, kProcessors).pairs);
  expect({256, 64 * 7 * 7, 1, 72, TileStore::PIXELS}, GemmTile::LARGE, 5);
  expect({256, 64 * 7 * 7, 1, 72, TileStore::PIXELS, true}, GemmTile::MEDIUM, 2);
}

// The phases of a stride of 2, 3x3: of one launch, cut into slices of one length.
void phases() {
  const auto of_tiles = [](int64_t tiles) {
    std::vector<HopperProduct> products;
    for (const int64_t taps : {4, 2, 2, 1}) {
      products.push_back({256, tiles / 2 * 256, 1, taps * 8, TileStore::PIXELS, true});
    }
    return products;
  };
  const auto products = of_tiles(34);
  const HopperPlan plan = complete_plan({GemmTile::LARGE, 3}, products, kProcessors);
  CHECK(plan.slices == 3 && plan.pairs);
  const int slices[] = {3, 2, 2, 1};  // of at most 11 stages
  for (size_t i = 0; i < 4; ++i) CHECK(plan_of(plan, products[0], products[i]).slices == slices[i]);
  CHECK(part_bytes({GemmTile::LARGE, 3}, products) >= uint64_t{34 * (3 + 2 + 2 + 1)} * 128 * 256 * 4);
  CHECK(part_bytes({GemmTile::LARGE, 1}, products) == 0);
  // Four phases fill the multiprocessors that one of them would not: nothing is cut.
  CHECK(complete_plan({}, of_tiles(20), kProcessors).slices == 1);
  CHECK(complete_plan({}, of_tiles(20)[0], kProcessors).slices > 1);
  CHECK(complete_plan({}, of_tiles(2), kProcessors).slices > 1);
  auto odd = products;
  odd[3].m = 300;
  CHECK(!complete_plan({GemmTile::LARGE, 1}, odd, kProcessors).pairs);
}

// Square products of float32 in TF32 and of BF16 in memory, as docs/performance-gpu.md reckons them.
void squares() {
  for (const bool tf32 : {true, false}) {
    const TileStore store = tf32 ? TileStore::FLOAT_BOXES : TileStore::BOXES;
    for (const int64_t n : {1024, 2048, 4096, 8192}) {
      const HopperProduct p{n, n, 1, n / (tf32 ? 32 : 64), store, true};
      expect(p, n == 1024 ? GemmTile::MEDIUM : GemmTile::LARGE, 1);
      const HopperPlan plan = complete_plan({}, p, kProcessors);
      CHECK(plan.pairs);
      CHECK(planned_part_bytes(plan, p) == 0);
    }
    expect({64, 100000, 1, 32, store, true}, GemmTile::SMALL, 1);
    const HopperProduct deep{128, 256, 2, 512, store, true};  // k in slices: 2 products of 2 half tiles
    const HopperPlan plan = complete_plan({}, deep, kProcessors);
    CHECK(plan.slices > 8);
    const uint64_t tile = static_cast<uint64_t>(rows_of(plan.tile) * columns_of(plan.tile)) * sizeof(float);
    const uint64_t tiles = plan.tile == GemmTile::MEDIUM ? 4 : 2;
    CHECK(planned_part_bytes(plan, deep) == tiles * static_cast<uint64_t>(plan.slices) * tile);
  }
}

// What is asked for stays.
void wishes() {
  const HopperProduct p{256, 14 * 14, 1, 36, TileStore::PIXELS};
  expect(p, GemmTile::LARGE, 3, {GemmTile::LARGE, 3});
  expect(p, GemmTile::MEDIUM, 1, {GemmTile::AUTO, 1});
  expect(p, GemmTile::LARGE, 18, {GemmTile::LARGE, 0});
}

}  // namespace

int main() {
  layers();
  stores();
  pairs();
  phases();
  squares();
  wishes();
  return finish("cuda_hopper_plan");
}

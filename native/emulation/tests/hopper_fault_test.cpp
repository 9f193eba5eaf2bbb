// What goes wrong with mbarriers, bulk copies and products of warpgroups: on a GPU a hang, garbage, or nothing at all
// until the next one.
#include "hopper.hpp"

using namespace test;
using namespace azj::cuda;

namespace {

constexpr size_t kBoxBytes = 64 * 128;  // 64 rows of 32 floats

// A matrix of 64 x 32 floats and its map.
struct Matrix {
  Array<float> data{std::vector<float>(64 * 32, 1.0f)};
  CUtensorMap map;
  Matrix() {
    EXPECT(encode(map, data.get(), {32, 64, 1, 1}, {128, kBoxBytes, kBoxBytes}, {32, 64, 1, 1},
                  CU_TENSOR_MAP_SWIZZLE_128B) == CUDA_SUCCESS);
  }
};

// ---- mbarriers and copies

enum class Copy {
  RIGHT,
  WRONG_PARITY,
  NOT_WAITED_FOR,
  TRIED_ONCE,
  TOO_MANY_BYTES,
  TOO_FEW_BYTES,
  NO_BYTES,
  MISALIGNED,
  OUTSIDE,
  ON_TOP_OF_ANOTHER,
  WITHOUT_FENCE,
  WITHOUT_INIT,
  INIT_TWICE,
  TOO_MANY_ARRIVALS,
  BLOCK_ENDS,
  PARITY_2,
  COUNT_0,
  NO_MAP
};

__global__ void copy(const __grid_constant__ CUtensorMap map, Copy kind, float* out) {
  __shared__ __align__(8) uint64_t barriers[2];
  uint64_t* const arrived = &barriers[0];
  unsigned char* box = dynamic_shared<unsigned char>();
  if (threadIdx.x == 0) {
    if (kind != Copy::WITHOUT_INIT) mbarrier_init(arrived, kind == Copy::COUNT_0 ? 0 : 1);
    if (kind == Copy::INIT_TWICE) mbarrier_init(arrived, 1);
    if (kind != Copy::WITHOUT_FENCE) fence_proxy_async();
    const uint32_t announced = kind == Copy::TOO_MANY_BYTES  ? kBoxBytes + 16
                               : kind == Copy::TOO_FEW_BYTES ? 128
                                                             : kBoxBytes;
    if (kind == Copy::NO_BYTES) {
      mbarrier_arrive(arrived);
    } else {
      mbarrier_arrive_expect_tx(arrived, announced);
    }
    if (kind == Copy::TOO_MANY_ARRIVALS) mbarrier_arrive(arrived);
    unsigned char* const to = box + (kind == Copy::MISALIGNED ? 16 : kind == Copy::OUTSIDE ? 1024 : 0);
    CUtensorMap other{};
    tensor_load_4d(to, kind == Copy::NO_MAP ? &other : &map, 0, 0, 0, 0, arrived);
    if (kind == Copy::ON_TOP_OF_ANOTHER) tensor_load_4d(to, &map, 0, 0, 0, 0, arrived);
  }
  __syncthreads();
  if (kind == Copy::BLOCK_ENDS) return;
  if (kind == Copy::TRIED_ONCE) {
    mbarrier_try_wait(arrived, 0);
  } else if (kind != Copy::NOT_WAITED_FOR) {
    wait_for(arrived, kind == Copy::WRONG_PARITY ? 1 : kind == Copy::PARITY_2 ? 2 : 0);
  }
  out[threadIdx.x] = reinterpret_cast<const float*>(box)[threadIdx.x];
}

void expect_copy_fault(cudaError_t error, Copy kind, std::vector<const char*> parts) {
  Matrix matrix;
  Array<float> out(32);
  expect_fault(error, parts, copy, 1, 32, kBoxBytes, matrix.map, kind, out.get());
}

TEST(a_copy_that_is_right) {
  Matrix matrix;
  Array<float> out(32);
  EXPECT_OK(run(copy, 1, 32, kBoxBytes, matrix.map, Copy::RIGHT, out.get()));
  for (float value : out.read()) EXPECT_CLOSE(value, 1, 0);
}

TEST(copies_that_are_not_waited_for) {
#ifdef AZJ_EMULATION_CHECKED
  // Of the phase before the first the end has come: the wait of the wrong parity does not wait.
  for (Copy kind : {Copy::WRONG_PARITY, Copy::NOT_WAITED_FOR, Copy::TRIED_ONCE}) {
    expect_copy_fault(cudaErrorLaunchFailure, kind, {"asynchronous copy that was not waited for"});
  }
#else
  for (Copy kind : {Copy::WRONG_PARITY, Copy::NOT_WAITED_FOR, Copy::TRIED_ONCE}) {
    expect_copy_fault(cudaErrorLaunchFailure, kind, {"the block ends while"});
  }
#endif
  expect_copy_fault(cudaErrorLaunchFailure, Copy::BLOCK_ENDS, {"the block ends while", "hopper_fault_test.cpp"});
}

TEST(bytes_that_do_not_agree) {
  expect_copy_fault(cudaErrorLaunchFailure, Copy::TOO_MANY_BYTES, {"deadlock", "16 bytes are missing", "phase 0"});
  expect_copy_fault(cudaErrorLaunchFailure, Copy::TOO_FEW_BYTES, {"expects 128 more"});
  // The phase ends at the arrival; what the copy brings belongs to none.
  expect_copy_fault(cudaErrorLaunchFailure, Copy::NO_BYTES,
#ifdef AZJ_EMULATION_CHECKED
                    {"asynchronous copy that was not waited for"});
#else
                    {"the block ends while"});
#endif
}

TEST(copies_and_mbarriers_that_are_wrong) {
  expect_copy_fault(cudaErrorMisalignedAddress, Copy::MISALIGNED, {"not aligned to 128 bytes"});
  expect_copy_fault(cudaErrorInvalidAddressSpace, Copy::OUTSIDE, {"not shared memory of this block"});
  expect_copy_fault(cudaErrorLaunchFailure, Copy::ON_TOP_OF_ANOTHER, {"still writing"});
  expect_copy_fault(cudaErrorLaunchFailure, Copy::WITHOUT_FENCE, {"without a fence.proxy.async"});
  expect_copy_fault(cudaErrorLaunchFailure, Copy::WITHOUT_INIT, {"there is no mbarrier"});
  expect_copy_fault(cudaErrorLaunchFailure, Copy::INIT_TWICE, {"a second time"});
  expect_copy_fault(cudaErrorLaunchFailure, Copy::TOO_MANY_ARRIVALS, {"has had its 1 arrivals"});
  expect_copy_fault(cudaErrorLaunchFailure, Copy::PARITY_2, {"0 or 1, not 2"});
  expect_copy_fault(cudaErrorLaunchFailure, Copy::COUNT_0, {"for 0 arrivals"});
  expect_copy_fault(cudaErrorIllegalInstruction, Copy::NO_MAP, {"no tensor map"});
}

__global__ void nobody_arrives(float* out) {
  __shared__ __align__(8) uint64_t barrier;
  if (threadIdx.x == 0) mbarrier_init(&barrier, 2);
  __syncthreads();
  if (threadIdx.x == 0) mbarrier_arrive(&barrier);
  if (threadIdx.x < 16) wait_for(&barrier, 0);
  __syncthreads();
  out[0] = 1;
}

TEST(a_deadlock_at_an_mbarrier) {
  Array<float> out(1);
  expect_fault(cudaErrorLaunchFailure,
               {"deadlock", "nobody_arrives", "1 of 2 arrivals", "0 bytes", "hopper_fault_test.cpp"}, nobody_arrives, 1,
               32, 0, out.get());
}

// ---- products

enum class Product {
  RIGHT,
  WITHOUT_FENCE,
  NOT_WAITED_FOR,
  READ_TOO_EARLY,
  WRITTEN_TOO_EARLY,
  OPERAND_OVERWRITTEN,
  ONE_WARP_MISSING,
  DIFFERENT,
  NOT_COMMITTED,
  MISALIGNED,
  UNKNOWN_BITS,
  BEYOND_THE_ROW,
  OUTSIDE,
  INSIDE_A_ROW,
  WITHOUT_SWIZZLE
};

__global__ void product(Product kind, float* out) {
  float* shared = reinterpret_cast<float*>(swizzled_shared());
  for (int i = threadIdx.x; i < (64 + 128) * 32; i += 128) shared[i] = 1;
  fence_proxy_async();
  __syncthreads();
  uint64_t a = uint64_t{1} << 62 | uint64_t{64} << 32 | shared_address(shared) >> 4, b = a + (64 * 128 >> 4);
  if (kind == Product::MISALIGNED) a += 128 >> 4;
  if (kind == Product::UNKNOWN_BITS) a |= uint64_t{1} << 52;
  if (kind == Product::BEYOND_THE_ROW) a += 7;
  if (kind == Product::INSIDE_A_ROW) a += 2;
  if (kind == Product::WITHOUT_SWIZZLE) a -= uint64_t{1} << 62;
  if (kind == Product::OUTSIDE) b += 8 * 1024 >> 4;
  if (kind == Product::DIFFERENT && threadIdx.x >= 64) b += 2;
  float sums[64] = {};
  if (kind != Product::WITHOUT_FENCE) wgmma_fence();
  const bool along_rows = kind == Product::INSIDE_A_ROW || kind == Product::WITHOUT_SWIZZLE;
  if (along_rows) wgmma_bf16<true, true>(sums, a, b, true);
  if (!along_rows && (kind != Product::ONE_WARP_MISSING || threadIdx.x >= 32)) wgmma_tf32(sums, a, b, true);
  if (kind != Product::NOT_COMMITTED) wgmma_commit();
  if (kind == Product::READ_TOO_EARLY) out[threadIdx.x] = sums[threadIdx.x % 64];
  if (kind == Product::WRITTEN_TOO_EARLY) sums[threadIdx.x % 64] = 0;
  if (kind == Product::OPERAND_OVERWRITTEN && threadIdx.x == 5) shared[1] = 2;
  if (kind != Product::NOT_WAITED_FOR) wgmma_wait<0>();
  if (kind != Product::READ_TOO_EARLY) out[threadIdx.x] = sums[threadIdx.x % 64];
}

constexpr size_t kProductBytes = kSwizzleRoom + (64 + 128) * 128;

void expect_product_fault(cudaError_t error, Product kind, std::vector<const char*> parts) {
  Array<float> out(128);
  expect_fault(error, parts, product, 1, 128, kProductBytes, kind, out.get());
}

TEST(a_product_that_is_right) {
  Array<float> out(128);
  EXPECT_OK(run(product, 1, 128, kProductBytes, Product::RIGHT, out.get()));
  for (float value : out.read()) EXPECT_CLOSE(value, 8, 0);
}

TEST(an_accumulator_that_is_read_before_the_wait_is_nan) {
  Array<float> out(128);
  EXPECT_OK(run(product, 1, 128, kProductBytes, Product::READ_TOO_EARLY, out.get()));
  for (float value : out.read()) EXPECT(std::isnan(value));
}

TEST(products_that_are_not_fenced_committed_or_waited_for) {
  expect_product_fault(cudaErrorLaunchFailure, Product::WITHOUT_FENCE, {"without a wgmma.fence"});
  expect_product_fault(cudaErrorLaunchFailure, Product::NOT_WAITED_FOR, {"returns while a wgmma is under way"});
  expect_product_fault(cudaErrorLaunchFailure, Product::NOT_COMMITTED, {"returns while a wgmma is under way"});
  expect_product_fault(cudaErrorLaunchFailure, Product::WRITTEN_TOO_EARLY, {"accumulator", "was written while"});
  expect_product_fault(cudaErrorLaunchFailure, Product::OPERAND_OVERWRITTEN, {"written before wgmma.wait_group"});
}

TEST(products_that_the_warpgroup_does_not_agree_on) {
  expect_product_fault(cudaErrorLaunchFailure, Product::ONE_WARP_MISSING, {"deadlock", "96 of the warpgroup's"});
  expect_product_fault(cudaErrorLaunchFailure, Product::DIFFERENT, {"issued another product"});
  Array<float> out(96);
  expect_fault(cudaErrorIllegalInstruction, {"whole warpgroups", "96"}, product, 1, 96, kProductBytes, Product::RIGHT,
               out.get());
}

TEST(descriptors_that_are_wrong) {
  expect_product_fault(cudaErrorIllegalInstruction, Product::MISALIGNED, {"where the swizzle's pattern does"});
  expect_product_fault(cudaErrorIllegalInstruction, Product::UNKNOWN_BITS, {"bits are set"});
  expect_product_fault(cudaErrorIllegalInstruction, Product::BEYOND_THE_ROW, {"beyond the swizzled row"});
  expect_product_fault(cudaErrorInvalidAddressSpace, Product::OUTSIDE, {"not in the block's dynamic shared memory"});
  expect_product_fault(cudaErrorIllegalInstruction, Product::INSIDE_A_ROW, {"begins inside of a swizzled row"});
  expect_product_fault(cudaErrorIllegalInstruction, Product::WITHOUT_SWIZZLE, {"with a swizzle only"});
}

// ---- registers

__global__ void registers(int kind, float* out) {
  if (kind == 0 && threadIdx.x < 128) setmaxnreg_inc<240>();  // nobody gives any
  if (kind == 1 && threadIdx.x < 64) setmaxnreg_dec<24>();    // half a warpgroup
  if (kind == 2) setmaxnreg_inc<24>();
  if (kind == 3) setmaxnreg_dec<24>();
  out[0] = 1;
}

TEST(registers_that_do_not_add_up) {
  const char* texts[] = {"for ever", "24 and for 0", "to 24 registers of a thread that has 168"};
  for (int kind = 0; kind < 3; ++kind) {
    Array<float> out(1);
    expect_fault(cudaErrorLaunchFailure, {texts[kind]}, registers, 1, 384, 0, kind, out.get());
  }
  Array<float> out(1);
  EXPECT_OK(run(registers, 1, 384, 0, 3, out.get()));
}

__global__ void shared_address_of_a_variable(float* out) {
  __shared__ float variable[4];
  out[0] = static_cast<float>(shared_address(variable));
}

TEST(shared_addresses_are_those_of_dynamic_memory) {
  Array<float> out(1);
  expect_fault(cudaErrorInvalidAddressSpace, {"those of dynamic shared memory"}, shared_address_of_a_variable, 1, 1, 0,
               out.get());
}

// ---- matrices of a warp

__global__ void turn(int kind, float* out) {
  const uint32_t d[4] = {};
  unsigned char* const row = dynamic_shared<unsigned char>() + 16 * threadIdx.x;
  if (kind == 0) stmatrix_x4_trans(row + 8, d);
  if (kind == 1) stmatrix_x4_trans(out, d);
}

TEST(stores_of_matrices_that_are_wrong) {
  const cudaError_t errors[] = {cudaErrorMisalignedAddress, cudaErrorInvalidAddressSpace};
  const char* texts[] = {"not aligned to 16 bytes", "is not shared memory of this block"};
  for (int kind = 0; kind < 2; ++kind) {
    Array<float> out(4);
    expect_fault(errors[kind], {"stmatrix", texts[kind]}, turn, 1, 32, 1024, kind, out.get());
  }
}

}  // namespace

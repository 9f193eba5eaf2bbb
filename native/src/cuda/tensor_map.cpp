#include "tensor_map.hpp"

#include <cuda_runtime.h>

#include <algorithm>

#include "check.hpp"
#include "error.hpp"

namespace azj::cuda {

namespace {

constexpr int64_t kAlignment = 16;  // bytes
constexpr unsigned kDriverVersion = 12000;  // the first that knows tensor maps

// A function of the driver: through the run time, so that the library needs no libcuda.so to be loaded.
template <class Function>
Function driver_function(const char* name) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult result = cudaDriverEntryPointSymbolNotFound;
  check(cudaGetDriverEntryPointByVersion(name, &function, kDriverVersion, cudaEnableDefault, &result),
        "cudaGetDriverEntryPointByVersion");
  if (function == nullptr || result != cudaDriverEntryPointSuccess) {
    fail(AZJ_UNSUPPORTED, "the NVIDIA driver has no %s, which came with CUDA 12.0; update it", name);
  }
  return reinterpret_cast<Function>(function);
}

void check_map(CUresult result, const char* function) {
  if (result == CUDA_SUCCESS) return;
  fail(AZJ_INTERNAL, "%s: error %d; this is a defect in libazulejo", function, static_cast<int>(result));
}

CUtensorMapDataType type_of(int bytes) {
  return bytes == 2 ? CU_TENSOR_MAP_DATA_TYPE_BFLOAT16 : CU_TENSOR_MAP_DATA_TYPE_TFLOAT32;
}

CUtensorMapSwizzle swizzle_of(int bytes) {
  if (bytes == 128) return CU_TENSOR_MAP_SWIZZLE_128B;
  return bytes == 64 ? CU_TENSOR_MAP_SWIZZLE_64B : CU_TENSOR_MAP_SWIZZLE_32B;
}

// Strides as a tensor map takes them, in elements. Those of a dimension with one place are what fits.
struct Strides {
  int64_t row, batch, group;
  int64_t batches, groups;  // places: 1 where the matrix is shared

  explicit Strides(const OperandView& v) {
    const int64_t unit = kAlignment / v.bytes;
    row = v.rows > 1 ? v.row_stride : (v.k + unit - 1) / unit * unit;
    batches = v.batch_stride == 0 ? 1 : v.batch;
    batch = batches > 1 ? v.batch_stride : row;
    groups = v.group_stride == 0 ? 1 : v.groups;
    group = groups > 1 ? v.group_stride : batch;
  }
};

// Of the view's k, columns 0 .. columns - 1.
CUtensorMap tiled_map(const OperandView& v, int64_t columns, CUtensorMapDataType type, int box_rows, int box_bytes,
                      int box_batch) {
  const Strides s(v);
  const cuuint64_t extents[] = {static_cast<cuuint64_t>(columns), static_cast<cuuint64_t>(v.rows),
                                static_cast<cuuint64_t>(s.batches), static_cast<cuuint64_t>(s.groups)};
  const cuuint64_t strides[] = {static_cast<cuuint64_t>(s.row * v.bytes), static_cast<cuuint64_t>(s.batch * v.bytes),
                                static_cast<cuuint64_t>(s.group * v.bytes)};
  const cuuint32_t box[] = {static_cast<cuuint32_t>(box_bytes / v.bytes), static_cast<cuuint32_t>(box_rows),
                            static_cast<cuuint32_t>(box_batch), 1};
  const cuuint32_t steps[] = {1, 1, 1, 1};
  static const auto encode = driver_function<decltype(&cuTensorMapEncodeTiled)>("cuTensorMapEncodeTiled");
  CUtensorMap map;
  check_map(encode(&map, type, 4, const_cast<void*>(v.data), extents, strides, box, steps,
                   CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle_of(box_bytes), CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                   CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
            "cuTensorMapEncodeTiled");
  return map;
}

}  // namespace

OperandView view_a(const GemmProblem& p) {
  return {p.a.data,         p.m,      p.k,              p.a.row_stride, p.a.column_stride, p.batch,
          p.a.batch_stride, p.groups, p.a.group_stride, 4};
}

OperandView view_b(const GemmProblem& p) {
  return {p.b.data,         p.n,      p.k,              p.b.column_stride, p.b.row_stride, p.batch,
          p.b.batch_stride, p.groups, p.b.group_stride, 4};
}

OperandView view_c(const GemmProblem& p) {
  return {p.c, p.m, p.n, p.ldc, 1, p.batch, p.c_batch_stride, p.groups, p.c_group_stride, 4};
}

bool has_tensor_map(const OperandView& v) {
  if (v.k_stride != 1 || reinterpret_cast<uintptr_t>(v.data) % kAlignment != 0) return false;
  const Strides s(v);
  for (const int64_t stride : {s.row, s.batch, s.group}) {
    if (stride * v.bytes % kAlignment != 0 || stride * v.bytes >= kMaxTensorStride) return false;
  }
  // Each dimension lies around the one before.
  return s.row >= v.k && s.batch % s.row == 0 && s.group % s.batch == 0;
}

TensorOperand tensor_operand(const OperandView& v, int box_rows, int box_bytes, int box_batch) {
  const Strides s(v);
  return {tiled_map(v, v.k, type_of(v.bytes), box_rows, box_bytes, box_batch), s.batches > 1 ? 1 : 0,
          s.groups > 1 ? 1 : 0};
}

CUtensorMap result_map(const OperandView& v, int box_rows) {
  // A map for TF32 rounds.
  const CUtensorMapDataType type = v.bytes == 4 ? CU_TENSOR_MAP_DATA_TYPE_FLOAT32 : type_of(v.bytes);
  const int64_t unit = kAlignment / v.bytes;
  const int64_t columns = std::max(v.k / unit, int64_t{1}) * unit;  // a map is never empty, even if nothing is stored
  return tiled_map(v, columns, type, box_rows, 128, 1);
}

CUtensorMap pixel_map(const PixelView& v, int pixels, int channel_bytes) {
  const cuuint64_t extents[] = {static_cast<cuuint64_t>(v.channels), static_cast<cuuint64_t>(v.width),
                                static_cast<cuuint64_t>(v.height), static_cast<cuuint64_t>(v.samples)};
  const cuuint64_t pixel = static_cast<cuuint64_t>(v.pitch * v.bytes), row = pixel * extents[1];
  const cuuint64_t strides[] = {pixel, row, row * extents[2]};
  const int lower[] = {v.origin_w, v.origin_h}, upper[] = {v.end_w, v.end_h};
  const cuuint32_t steps[] = {1, static_cast<cuuint32_t>(v.step_w), static_cast<cuuint32_t>(v.step_h), 1};
  static const auto encode = driver_function<decltype(&cuTensorMapEncodeIm2col)>("cuTensorMapEncodeIm2col");
  CUtensorMap map;
  check_map(encode(&map, type_of(v.bytes), 4, const_cast<void*>(v.data), extents, strides, lower, upper,
                   static_cast<cuuint32_t>(channel_bytes / v.bytes), static_cast<cuuint32_t>(pixels), steps,
                   CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle_of(channel_bytes), CU_TENSOR_MAP_L2_PROMOTION_L2_256B,
                   CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE),
            "cuTensorMapEncodeIm2col");
  return map;
}

}  // namespace azj::cuda

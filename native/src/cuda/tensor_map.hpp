// Tensor maps: how the bulk copy engine (TMA) of compute capability 9.0 finds the operands of a product.
#pragma once

#include <cuda.h>

#include <cstdint>

#include "gemm.hpp"

namespace azj::cuda {

constexpr int64_t kMaxTensorStride = int64_t{1} << 40;  // bytes, which the engine takes none of

// One operand of the products of a batch, rows (of m or n) x k, as the tensor k x rows x batch x groups.
struct TensorOperand {
  CUtensorMap map;
  int32_t batch, group;  // 1; 0 where all products of the batch, or all groups, share the matrix
};

// A matrix of a problem, seen from the product: what is along m or n, and along k.
struct OperandView {
  const void* data;
  int64_t rows, k;
  int64_t row_stride, k_stride;  // elements
  int64_t batch, batch_stride;
  int64_t groups, group_stride;
  int bytes;                     // of an element: 4, rounded to TF32 on the way, or 2, BF16
};
OperandView view_a(const GemmProblem& problem);
OperandView view_b(const GemmProblem& problem);
OperandView view_c(const GemmProblem& problem);  // its n for k

// Whether a tensor map can describe it: k contiguous, all else on 16 bytes.
bool has_tensor_map(const OperandView& view);

// For boxes of 128 or 64 bytes of k, swizzled over as many bytes, and box_rows rows of each of box_batch matrices. The
// view has a tensor map.
TensorOperand tensor_operand(const OperandView& view, int box_rows, int box_bytes = 128, int box_batch = 1);

// A result, whose n is the view's k, for stores of boxes of 128 bytes of n and box_rows rows. The view has a tensor
// map. What of n fills no 16 bytes is left out: a store of the copy engine would write all 16.
CUtensorMap result_map(const OperandView& view, int box_rows);

// Pixels of a convolution's gathered source for im2col copies: channels x width x height x samples, of `bytes` bytes,
// `pitch` channels from one pixel to the next.
struct PixelView {
  const void* data;
  int64_t channels, width, height, samples, pitch;
  int bytes;
  // Of the pixels that tap (0, 0) meets: the first ones, the steps, and the last ones' distance from the far borders.
  int origin_w, origin_h, step_w, step_h, end_w, end_h;
};

// For columns of `pixels` pixels with 128, 64 or 32 bytes of channels, swizzled over as many bytes.
CUtensorMap pixel_map(const PixelView& view, int pixels, int channel_bytes);

}  // namespace azj::cuda

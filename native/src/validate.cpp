#include "validate.hpp"

#include <cinttypes>
#include <string>

namespace azj {

void fail_null(const char* name) { fail(AZJ_INVALID_ARGUMENT, "%s is NULL", name); }

void fail_misaligned(const char* name, const void* pointer, size_t alignment) {
  fail(AZJ_INVALID_ARGUMENT, "%s is %p; it must be a multiple of %zu", name, pointer, alignment);
}

void check_copy(const char* dst_name, const void* dst, const char* src_name, const void* src, uint64_t bytes) {
  if (bytes == 0) return;
  if (dst == nullptr) fail_null(dst_name);
  if (src == nullptr) fail_null(src_name);
  const auto to = reinterpret_cast<uintptr_t>(dst);
  const auto from = reinterpret_cast<uintptr_t>(src);
  if (bytes > UINTPTR_MAX - to || bytes > UINTPTR_MAX - from) {
    fail(AZJ_INVALID_ARGUMENT, "bytes is %" PRIu64 ", more than follow %s or %s in the address space", bytes, dst_name,
         src_name);
  }
  if (to < from + bytes && from < to + bytes) {
    fail(AZJ_INVALID_ARGUMENT, "%s and %s overlap: %p and %p, %" PRIu64 " bytes each", dst_name, src_name, dst, src,
         bytes);
  }
}

void check_host_memory(azj_device& device, const char* name, const void* memory, uint64_t bytes) {
  const Allocations::Block block = device.host_allocations().find(memory);
  if (block.start == nullptr) {
    fail(AZJ_INVALID_ARGUMENT,
         "%s (%p) is not from azj_host_alloc() of this device, which asynchronous copies need; azj_upload() and "
         "azj_download() take any host memory",
         name, memory);
  }
  if (bytes > block.bytes) {
    fail(AZJ_INVALID_ARGUMENT, "bytes is %" PRIu64 "; from %s (%p) to the end of its allocation there are %" PRIu64,
         bytes, name, memory, block.bytes);
  }
}

void check_at_least(const char* name, int64_t value, int64_t least) {
  if (value < least) {
    fail(AZJ_INVALID_ARGUMENT, "%s is %" PRId64 "; it must be at least %" PRId64, name, value, least);
  }
}

void check_range(const char* name, int32_t value, int32_t low, int32_t high, const char* what) {
  if (value < low || value > high) fail(AZJ_INVALID_ARGUMENT, "%s is %d; it must be %s", name, value, what);
}

void check_elements(const char* name, std::initializer_list<int64_t> sizes) {
  int64_t bytes = sizeof(float);
  bool overflow = false;
  for (const int64_t size : sizes) overflow = overflow || __builtin_mul_overflow(bytes, size, &bytes);
  if (!overflow) return;
  std::string shape;
  for (const int64_t size : sizes) shape += "[" + std::to_string(size) + "]";
  fail(AZJ_INVALID_ARGUMENT, "%s%s would have more than 2^63 - 1 bytes", name, shape.c_str());
}

void check_vector(int64_t count) {
  check_at_least("count", count, 1);
  check_elements("an array of ", {count});
}

void check_matrix(const char* rows_name, int64_t rows, const char* columns_name, int64_t columns) {
  check_at_least(rows_name, rows, 1);
  check_at_least(columns_name, columns, 1);
  check_elements("x", {rows, columns});
}

void check_classes(int64_t rows, int64_t classes) {
  check_matrix("rows", rows, "classes", classes);
  if (classes > INT32_MAX) {
    fail(AZJ_INVALID_ARGUMENT, "classes is %" PRId64 "; it must be below 2^31, because labels are int32_t", classes);
  }
}

void check_activation(int32_t activation, float slope) {
  check_range("activation", activation, AZJ_IDENTITY, AZJ_TANH,
              "AZJ_IDENTITY (0), AZJ_RELU (1), AZJ_LEAKY_RELU (2), AZJ_SIGMOID (3) or AZJ_TANH (4)");
  if (activation == AZJ_LEAKY_RELU && !(slope >= 0 && slope < 1)) {
    fail(AZJ_INVALID_ARGUMENT, "slope is %g; AZJ_LEAKY_RELU needs 0 <= slope < 1", static_cast<double>(slope));
  }
}

void check_pass(int32_t pass) {
  check_range("pass", pass, AZJ_CONV_FORWARD, AZJ_CONV_GRAD_WEIGHTS,
              "AZJ_CONV_FORWARD (0), AZJ_CONV_GRAD_INPUT (1) or AZJ_CONV_GRAD_WEIGHTS (2)");
}

namespace {

void check_leading(const char* name, int64_t leading, int64_t row, const char* stored) {
  if (leading < row) {
    fail(AZJ_INVALID_ARGUMENT, "%s is %" PRId64 "; a row of %s has %" PRId64 " elements, so it must be at least that",
         name, leading, stored, row);
  }
}

}  // namespace

void check_precision(int32_t precision) {
  check_range("precision", precision, AZJ_FP32, AZJ_BF16, "AZJ_FP32 (0), AZJ_TF32 (1) or AZJ_BF16 (2)");
}

void check_gemm(const azj_gemm_desc* desc) {
  check_pointer("desc", desc);
  const azj_gemm_desc& d = *desc;
  check_at_least("m", d.m, 1);
  check_at_least("n", d.n, 1);
  check_at_least("k", d.k, 1);
  check_range("transpose_a", d.transpose_a, 0, 1, "0 or 1");
  check_range("transpose_b", d.transpose_b, 0, 1, "0 or 1");
  check_range("algorithm", d.algorithm, AZJ_GEMM_AUTO, AZJ_GEMM_HOPPER_BF16,
              "AZJ_GEMM_AUTO (0) or an algorithm up to AZJ_GEMM_HOPPER_BF16 (9)");
  check_precision(d.precision);
  check_leading("lda", d.lda, d.transpose_a ? d.m : d.k, d.transpose_a ? "A stored k x m" : "A stored m x k");
  check_leading("ldb", d.ldb, d.transpose_b ? d.k : d.n, d.transpose_b ? "B stored n x k" : "B stored k x n");
  check_leading("ldc", d.ldc, d.n, "C stored m x n");
  check_elements("A", {d.transpose_a ? d.k : d.m, d.lda});
  check_elements("B", {d.transpose_b ? d.n : d.k, d.ldb});
  check_elements("C", {d.m, d.ldc});
}

namespace {

// Elements from the first of a batch of matrices to the end of its last, each rows x leading.
void check_batch_stride(const char* stride_name, int64_t stride, int64_t least, const char* matrix, int64_t batch,
                        int64_t elements) {
  check_at_least(stride_name, stride, least);
  int64_t bytes = 0;
  if (__builtin_mul_overflow(batch - 1, stride, &bytes) || __builtin_add_overflow(bytes, elements, &bytes) ||
      __builtin_mul_overflow(bytes, int64_t{sizeof(float)}, &bytes)) {
    fail(AZJ_INVALID_ARGUMENT, "%" PRId64 " matrices %s at a distance of %" PRId64 " elements are more than 2^63 - 1 bytes",
         batch, matrix, stride);
  }
}

}  // namespace

void check_gemm_batch(const azj_gemm_desc& d, const GemmBatch& batch) {
  check_at_least("batch", batch.count, 1);
  check_batch_stride("stride_a", batch.stride_a, 0, "A", batch.count, (d.transpose_a ? d.k : d.m) * d.lda);
  check_batch_stride("stride_b", batch.stride_b, 0, "B", batch.count, (d.transpose_b ? d.n : d.k) * d.ldb);
  // The last row of a C may end before ldc: the next C may start there.
  const int64_t c_elements = (d.m - 1) * d.ldc + d.n;
  check_batch_stride("stride_c", batch.stride_c, batch.count > 1 ? c_elements : 0, "C", batch.count, d.m * d.ldc);
}

void check_gather(const azj_gather_desc* desc) {
  check_pointer("desc", desc);
  const azj_gather_desc& d = *desc;
  check_at_least("batch", d.batch, 1);
  check_at_least("channels", d.channels, 1);
  check_at_least("height", d.height, 1);
  check_at_least("width", d.width, 1);
  check_at_least("samples", d.samples, 1);
  check_at_least("items", d.items, 1);
  check_range("border", d.border, AZJ_BORDER_ZERO, AZJ_BORDER_MIRROR, "AZJ_BORDER_ZERO (0) or AZJ_BORDER_MIRROR (1)");
  check_range("reserved", d.reserved, 0, 0, "0");
  if (d.height > INT16_MAX || d.width > INT16_MAX) {
    fail(AZJ_INVALID_ARGUMENT, "height is %" PRId64 " and width is %" PRId64
         "; they must be below 2^15, because an item's down and right are int16_t", d.height, d.width);
  }
  if (d.samples > INT32_MAX) {
    fail(AZJ_INVALID_ARGUMENT, "samples is %" PRId64 "; it must be below 2^31, because an item's index is int32_t",
         d.samples);
  }
  check_elements("x", {d.batch, d.channels, d.height, d.width});
  check_elements("pixels", {d.samples, d.channels, d.height, d.width});
  check_elements("items", {d.items, static_cast<int64_t>(sizeof(azj_gather_item) / sizeof(float))});
}

void check_dense(const azj_dense_desc* desc) {
  check_pointer("desc", desc);
  const azj_dense_desc& d = *desc;
  check_at_least("batch", d.batch, 1);
  check_at_least("inputs", d.inputs, 1);
  check_at_least("outputs", d.outputs, 1);
  check_activation(d.activation, d.slope);
  check_precision(d.precision);
  check_range("reserved", d.reserved, 0, 0, "0");
  check_elements("x", {d.batch, d.inputs});
  check_elements("w", {d.outputs, d.inputs});
  check_elements("y", {d.batch, d.outputs});
}

}  // namespace azj

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

// The padded input; the window (a dilated kernel or a pooling window) must fit it.
struct Extent {
  int64_t padded, covered;
};

Extent extent(const char* axis, int64_t input, int64_t pad, int64_t window, int64_t dilation) {
  Extent e{};
  int64_t both_pads = 0;
  if (__builtin_mul_overflow(pad, int64_t{2}, &both_pads) || __builtin_add_overflow(input, both_pads, &e.padded)) {
    fail(AZJ_INVALID_ARGUMENT, "the padded %s, %" PRId64 " + 2 * %" PRId64 ", is more than 2^63 - 1", axis, input, pad);
  }
  if (__builtin_mul_overflow(dilation, window - 1, &e.covered) || __builtin_add_overflow(e.covered, 1, &e.covered)) {
    fail(AZJ_INVALID_ARGUMENT, "the dilated kernel's %s, %" PRId64 " * (%" PRId64 " - 1) + 1, is more than 2^63 - 1",
         axis, dilation, window);
  }
  return e;
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

void check_pool2d(const azj_pool2d_desc* desc) {
  check_pointer("desc", desc);
  const azj_pool2d_desc& d = *desc;
  check_at_least("batch", d.batch, 1);
  check_at_least("channels", d.channels, 1);
  check_at_least("height", d.height, 1);
  check_at_least("width", d.width, 1);
  check_at_least("window_h", d.window_h, 1);
  check_at_least("window_w", d.window_w, 1);
  check_at_least("stride_h", d.stride_h, 1);
  check_at_least("stride_w", d.stride_w, 1);
  check_at_least("pad_h", d.pad_h, 0);
  check_at_least("pad_w", d.pad_w, 0);
  check_range("mode", d.mode, AZJ_POOL_MAX, AZJ_POOL_MEAN, "AZJ_POOL_MAX (0) or AZJ_POOL_MEAN (1)");
  check_range("count_padding", d.count_padding, 0, 1, "0 or 1");
  int64_t plane = 0;
  if (__builtin_mul_overflow(d.height, d.width, &plane) || plane > INT32_MAX) {
    fail(AZJ_INVALID_ARGUMENT,
         "height * width is %" PRId64 " * %" PRId64 "; it must be below 2^31, because argmax is int32_t", d.height,
         d.width);
  }
  if (d.pad_h >= d.window_h || d.pad_w >= d.window_w) {
    fail(AZJ_INVALID_ARGUMENT,
         "padding %" PRId64 "x%" PRId64 " is not smaller than the window %" PRId64 "x%" PRId64
         ", so some windows would lie wholly on the padding",
         d.pad_h, d.pad_w, d.window_h, d.window_w);
  }
  const Extent h = extent("height", d.height, d.pad_h, d.window_h, 1);
  const Extent w = extent("width", d.width, d.pad_w, d.window_w, 1);
  if (h.covered > h.padded || w.covered > w.padded) {
    fail(AZJ_INVALID_ARGUMENT,
         "window %" PRId64 "x%" PRId64 " is larger than the padded input %" PRId64 "x%" PRId64
         "; use a smaller window or more padding",
         d.window_h, d.window_w, h.padded, w.padded);
  }
  check_elements("x", {d.batch, d.channels, d.height, d.width});
  check_elements("y", {d.batch, d.channels, output_size(d.height, d.pad_h, d.window_h, 1, d.stride_h),
                       output_size(d.width, d.pad_w, d.window_w, 1, d.stride_w)});
}

azj_conv2d_desc checked_conv2d(const azj_conv2d_desc* desc) {
  check_pointer("desc", desc);
  azj_conv2d_desc d = *desc;
  check_at_least("batch", d.batch, 1);
  check_at_least("channels", d.channels, 1);
  check_at_least("height", d.height, 1);
  check_at_least("width", d.width, 1);
  check_at_least("filters", d.filters, 1);
  check_at_least("kernel_h", d.kernel_h, 1);
  check_at_least("kernel_w", d.kernel_w, 1);
  check_at_least("stride_h", d.stride_h, 1);
  check_at_least("stride_w", d.stride_w, 1);
  check_at_least("pad_h", d.pad_h, 0);
  check_at_least("pad_w", d.pad_w, 0);
  check_at_least("dilation_h", d.dilation_h, 1);
  check_at_least("dilation_w", d.dilation_w, 1);
  check_at_least("groups", d.groups, 1);
  check_at_least("samples_per_unroll", d.samples_per_unroll, 0);
  check_range("algorithm", d.algorithm, AZJ_CONV_AUTO, AZJ_CONV_WINOGRAD_2X2,
              "AZJ_CONV_AUTO (0) or an algorithm up to AZJ_CONV_WINOGRAD_2X2 (9)");
  check_activation(d.activation, d.slope);
  check_precision(d.precision);
  if (d.channels % d.groups != 0 || d.filters % d.groups != 0) {
    fail(AZJ_INVALID_ARGUMENT,
         "groups is %" PRId64 "; it must divide the %" PRId64 " channels and the %" PRId64 " filters", d.groups,
         d.channels, d.filters);
  }
  const Extent h = extent("height", d.height, d.pad_h, d.kernel_h, d.dilation_h);
  const Extent w = extent("width", d.width, d.pad_w, d.kernel_w, d.dilation_w);
  if (h.covered > h.padded || w.covered > w.padded) {
    const bool dilated = d.dilation_h > 1 || d.dilation_w > 1;
    fail(AZJ_INVALID_ARGUMENT,
         "kernel %" PRId64 "x%" PRId64 "%s is larger than the padded input %" PRId64 "x%" PRId64
         "; use a smaller kernel or dilation, or more padding than %" PRId64 "x%" PRId64,
         h.covered, w.covered, dilated ? " (dilated)" : "", h.padded, w.padded, d.pad_h, d.pad_w);
  }
  const int64_t out_h = output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h);
  const int64_t out_w = output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w);
  check_elements("x", {d.batch, d.channels, d.height, d.width});
  check_elements("w", {d.filters, d.channels / d.groups, d.kernel_h, d.kernel_w});
  check_elements("y", {d.batch, d.filters, out_h, out_w});
  check_elements("x_unroll", {d.batch, d.channels, d.kernel_h, d.kernel_w, out_h, out_w});
  if (d.samples_per_unroll > d.batch) d.samples_per_unroll = d.batch;
  return d;
}

void check_halves(const azj_conv2d_desc& d) {
  const int64_t out_h = output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h);
  const int64_t out_w = output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w);
  if (out_h < 2 || out_w < 2) {
    fail(AZJ_INVALID_ARGUMENT,
         "the convolution's output is %" PRId64 "x%" PRId64 "; a 2x2 window needs at least two rows and two columns",
         out_h, out_w);
  }
}

void check_conv2d_pool(const azj_conv2d_desc& d) {
  check_halves(d);
  const int64_t out_h = output_size(d.height, d.pad_h, d.kernel_h, d.dilation_h, d.stride_h);
  const int64_t out_w = output_size(d.width, d.pad_w, d.kernel_w, d.dilation_w, d.stride_w);
  if (out_h > INT32_MAX / out_w) {
    fail(AZJ_INVALID_ARGUMENT,
         "the convolution's output is %" PRId64 "x%" PRId64 "; it must have fewer than 2^31 elements, because argmax "
         "is int32_t", out_h, out_w);
  }
}

namespace {

void check_needed(uint64_t needed, const char* query, const void* workspace, uint64_t workspace_bytes) {
  if (workspace_bytes < needed) {
    fail(AZJ_WORKSPACE_TOO_SMALL, "workspace_bytes is %" PRIu64 "; this pass needs %" PRIu64 ", see %s()",
         workspace_bytes, needed, query);
  }
  if (needed > 0) check_pointer("workspace", static_cast<const float*>(workspace));
}

}  // namespace

void check_workspace(azj_stream& stream, const azj_conv2d_desc& desc, int32_t pass, const void* workspace,
                     uint64_t workspace_bytes) {
  check_needed(stream.conv2d_workspace_bytes(desc, pass), "azj_conv2d_workspace_bytes", workspace, workspace_bytes);
}

void check_bf16_workspace(azj_stream& stream, const azj_conv2d_desc& desc, int32_t pass, const void* workspace,
                          uint64_t workspace_bytes) {
  check_needed(stream.bf16_conv2d_workspace_bytes(desc, pass), "azj_bf16_conv2d_workspace_bytes", workspace,
               workspace_bytes);
}

void check_bf16_pool_workspace(azj_stream& stream, const azj_conv2d_desc& desc, const void* workspace,
                               uint64_t workspace_bytes) {
  check_needed(stream.bf16_conv2d_pool_workspace_bytes(desc), "azj_bf16_conv2d_pool_workspace_bytes", workspace,
               workspace_bytes);
}

void check_pool_workspace(azj_stream& stream, const azj_conv2d_desc& desc, const void* workspace,
                          uint64_t workspace_bytes) {
  check_needed(stream.conv2d_pool_workspace_bytes(desc), "azj_conv2d_pool_workspace_bytes", workspace,
               workspace_bytes);
}

}  // namespace azj

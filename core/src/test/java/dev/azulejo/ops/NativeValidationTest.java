package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.azulejo.azj_conv2d_desc;
import dev.azulejo.bindings.azulejo.azj_dense_desc;
import dev.azulejo.bindings.azulejo.azj_gemm_desc;
import dev.azulejo.bindings.azulejo.azj_pool2d_desc;
import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Status;
import dev.azulejo.reference.ConvCase;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the native library refuses by itself, called past Java's own checks: other languages call it
 * too. Each refusal has a status and a text that names the field and its value, writes nothing, and
 * leaves the stream working.
 */
class NativeValidationTest extends DeviceTest {
  private static final MemorySegment NULL = MemorySegment.NULL;
  private static final long BIG = Long.MAX_VALUE;

  private Arena arena;
  private DeviceBuffer buffer;
  private MemorySegment queue;
  private MemorySegment memory;
  private MemorySegment out;

  @BeforeEach
  void allocate() {
    arena = Arena.ofConfined();
    buffer = device.allocateFloats("test", 4096);
    queue = stream.handle();
    memory = buffer.floats(0, 2048).argument(stream, ElementType.F32, 1, "x");
    out = buffer.floats(2048, 2048).argument(stream, ElementType.F32, 1, "y");
  }

  @AfterEach
  void free() {
    // The stream still works after whatever was refused.
    assertEquals(0, azulejo_h.azj_fill(queue, 4096, 1, memory));
    buffer.close();
    arena.close();
  }

  @Test
  void convolutionDescriptors() {
    conv("batch is 0;", d -> azj_conv2d_desc.batch(d, 0));
    conv("channels is -1;", d -> azj_conv2d_desc.channels(d, -1));
    conv("height is 0;", d -> azj_conv2d_desc.height(d, 0));
    conv("width is 0;", d -> azj_conv2d_desc.width(d, 0));
    conv("filters is 0;", d -> azj_conv2d_desc.filters(d, 0));
    conv("kernel_h is 0;", d -> azj_conv2d_desc.kernel_h(d, 0));
    conv("kernel_w is -9;", d -> azj_conv2d_desc.kernel_w(d, -9));
    conv("stride_h is 0;", d -> azj_conv2d_desc.stride_h(d, 0));
    conv("stride_w is 0;", d -> azj_conv2d_desc.stride_w(d, 0));
    conv("pad_h is -1;", d -> azj_conv2d_desc.pad_h(d, -1));
    conv("pad_w is -1;", d -> azj_conv2d_desc.pad_w(d, -1));
    conv("dilation_h is 0;", d -> azj_conv2d_desc.dilation_h(d, 0));
    conv("dilation_w is 0;", d -> azj_conv2d_desc.dilation_w(d, 0));
    conv("groups is 0;", d -> azj_conv2d_desc.groups(d, 0));
    conv("groups is 3;", d -> azj_conv2d_desc.groups(d, 3));
    conv("samples_per_unroll is -1;", d -> azj_conv2d_desc.samples_per_unroll(d, -1));
    conv("algorithm is 77;", d -> azj_conv2d_desc.algorithm(d, 77));
    conv("activation is -1;", d -> azj_conv2d_desc.activation(d, -1));
    conv("precision is 5;", d -> azj_conv2d_desc.precision(d, 5));
    conv("slope is 1;", leaky(1));
    conv("slope is nan;", leaky(Float.NaN));
    conv("kernel 7x3 is larger than the padded input 6x6", d -> azj_conv2d_desc.kernel_h(d, 7));
    conv(
        "kernel 3x9 (dilated) is larger than the padded input 6x6",
        d -> azj_conv2d_desc.dilation_w(d, 4));
    conv("2^63 - 1", d -> azj_conv2d_desc.batch(d, BIG));
    conv("2^63 - 1", d -> azj_conv2d_desc.pad_h(d, BIG));
    conv("2^63 - 1", d -> azj_conv2d_desc.pad_w(d, BIG / 2));
    conv("2^63 - 1", d -> azj_conv2d_desc.dilation_h(d, BIG));
    conv("2^63 - 1", d -> azj_conv2d_desc.filters(d, BIG - 1));
    conv("2^63 - 1", d -> azj_conv2d_desc.height(d, 1L << 60));
    refused("desc is NULL", azulejo_h.azj_conv2d_output_size(NULL, out, out));
  }

  private Consumer<MemorySegment> leaky(float slope) {
    return d -> {
      azj_conv2d_desc.activation(d, azulejo_h.AZJ_LEAKY_RELU());
      azj_conv2d_desc.slope(d, slope);
    };
  }

  /** A change of a good descriptor is refused by every function that takes one. */
  private void conv(String text, Consumer<MemorySegment> change) {
    MemorySegment d = convDescriptor();
    MemorySegment number = arena.allocate(8, 8);
    assertEquals(0, azulejo_h.azj_conv2d_output_size(d, number, number));
    change.accept(d);
    MemorySegment x = memory;
    refused(text, azulejo_h.azj_conv2d_output_size(d, number, number));
    refused(text, azulejo_h.azj_conv2d_algorithm(queue, d, 0, number));
    refused(text, azulejo_h.azj_conv2d_workspace_bytes(queue, d, 0, number));
    refused(text, azulejo_h.azj_conv2d_forward(queue, d, x, x, NULL, out, NULL, 0));
    refused(text, azulejo_h.azj_conv2d_grad_input(queue, d, x, x, out, NULL, 0));
    refused(text, azulejo_h.azj_conv2d_grad_weights(queue, d, x, x, out, NULL, 0));
    refused(text, azulejo_h.azj_conv2d_grad_bias(queue, d, x, out));
    refused(text, azulejo_h.azj_im2col(queue, d, x, out));
    refused(text, azulejo_h.azj_col2im(queue, d, x, out));
    refused(text, azulejo_h.azj_conv2d_pool_algorithm(queue, d, number));
    refused(text, azulejo_h.azj_conv2d_pool_workspace_bytes(queue, d, number));
    refused(text, azulejo_h.azj_conv2d_pool_forward(queue, d, x, x, NULL, out, out, NULL, 0));
    refused(text, azulejo_h.azj_conv2d_pool_backward(queue, d, x, x, x, out, out));
    refused(text, azulejo_h.azj_bf16_conv2d_pool_workspace_bytes(queue, d, number));
    refused(text, azulejo_h.azj_bf16_conv2d_pool_forward(queue, d, x, x, NULL, out, x, NULL, 0));
    refused(text, azulejo_h.azj_bf16_conv2d_pool_backward(queue, d, x, x, x, out, out));
  }

  @Test
  void convolutionPointersAndPasses() {
    MemorySegment d = convDescriptor();
    MemorySegment x = memory;
    refused("x is NULL", azulejo_h.azj_conv2d_forward(queue, d, NULL, x, NULL, out, NULL, 0));
    refused("w is NULL", azulejo_h.azj_conv2d_forward(queue, d, x, NULL, NULL, out, NULL, 0));
    refused("y is NULL", azulejo_h.azj_conv2d_forward(queue, d, x, x, NULL, NULL, NULL, 0));
    refused("grad_x is NULL", azulejo_h.azj_conv2d_grad_input(queue, d, x, x, NULL, NULL, 0));
    refused("grad_w is NULL", azulejo_h.azj_conv2d_grad_weights(queue, d, x, x, NULL, NULL, 0));
    refused("grad_bias is NULL", azulejo_h.azj_conv2d_grad_bias(queue, d, x, NULL));
    refused("x_unroll is NULL", azulejo_h.azj_im2col(queue, d, x, NULL));
    refused("pass is 3", azulejo_h.azj_conv2d_workspace_bytes(queue, d, 3, out));
    refused("pass is -1", azulejo_h.azj_conv2d_algorithm(queue, d, -1, out));
    refused("bytes is NULL", azulejo_h.azj_conv2d_workspace_bytes(queue, d, 0, NULL));
    refused("stream is NULL", azulejo_h.azj_conv2d_forward(NULL, d, x, x, NULL, out, NULL, 0));
    refused("algorithm is NULL", azulejo_h.azj_conv2d_pool_algorithm(queue, d, NULL));
    MemorySegment odd = MemorySegment.ofAddress(memory.address() + 2);
    refused("it must be a multiple of 4", azulejo_h.azj_im2col(queue, d, odd, out));
    azj_conv2d_desc.algorithm(d, azulejo_h.AZJ_CONV_IM2COL_GEMM());
    int status = azulejo_h.azj_conv2d_forward(queue, d, x, x, NULL, out, NULL, 0);
    assertEquals(Status.WORKSPACE_TOO_SMALL, Status.of(status));
    assertText("workspace_bytes is 0; this pass needs ");
    refused(
        "workspace is NULL",
        azulejo_h.azj_conv2d_forward(queue, d, x, x, NULL, out, NULL, 1 << 20));
    MemorySegment whole = convDescriptor();
    azj_conv2d_desc.groups(whole, 1);
    azj_conv2d_desc.algorithm(whole, azulejo_h.AZJ_CONV_AUTO());
    refused(
        "argmax is NULL",
        azulejo_h.azj_bf16_conv2d_pool_backward(queue, whole, x, NULL, x, out, NULL));
  }

  /** The output size is that of the equation, and of Java. */
  @Test
  void outputSizesAgreeWithJava() {
    MemorySegment h = arena.allocate(8, 8);
    MemorySegment w = arena.allocate(8, 8);
    for (ConvCase c : ConvCase.all()) {
      assertEquals(0, azulejo_h.azj_conv2d_output_size(c.problem().descriptor(), h, w));
      assertEquals(c.shape().outputHeight(), h.get(azulejo_h.C_LONG, 0), c.name());
      assertEquals(c.shape().outputWidth(), w.get(azulejo_h.C_LONG, 0), c.name());
      assertEquals(c.reference().outH, c.shape().outputHeight(), c.name());
      assertEquals(c.reference().outW, c.shape().outputWidth(), c.name());
    }
    for (var c : PoolingConformanceTest.cases()) {
      MemorySegment d = c.problem(PoolMode.MAX, false).descriptor();
      assertEquals(0, azulejo_h.azj_pool2d_output_size(d, h, w));
      assertEquals(c.shape().outputHeight(), h.get(azulejo_h.C_LONG, 0), c.name());
      assertEquals(c.shape().outputWidth(), w.get(azulejo_h.C_LONG, 0), c.name());
    }
  }

  @Test
  void poolingDescriptors() {
    pool("batch is 0;", d -> azj_pool2d_desc.batch(d, 0));
    pool("channels is 0;", d -> azj_pool2d_desc.channels(d, 0));
    pool("height is -1;", d -> azj_pool2d_desc.height(d, -1));
    pool("width is 0;", d -> azj_pool2d_desc.width(d, 0));
    pool("window_h is 0;", d -> azj_pool2d_desc.window_h(d, 0));
    pool("stride_w is 0;", d -> azj_pool2d_desc.stride_w(d, 0));
    pool("pad_h is -1;", d -> azj_pool2d_desc.pad_h(d, -1));
    pool("mode is 2;", d -> azj_pool2d_desc.mode(d, 2));
    pool("count_padding is 2;", d -> azj_pool2d_desc.count_padding(d, 2));
    pool("is not smaller than the window", d -> azj_pool2d_desc.pad_w(d, 2));
    pool("window 9x2 is larger than the padded input 8x8", d -> azj_pool2d_desc.window_h(d, 9));
    pool("it must be below 2^31", d -> azj_pool2d_desc.width(d, 1L << 40));
    pool("2^63 - 1", d -> azj_pool2d_desc.batch(d, BIG));
    MemorySegment d = poolDescriptor();
    refused("y is NULL", azulejo_h.azj_pool2d_forward(queue, d, memory, NULL, NULL));
    refused("argmax is NULL", azulejo_h.azj_pool2d_backward(queue, d, memory, NULL, out));
  }

  private void pool(String text, Consumer<MemorySegment> change) {
    MemorySegment d = poolDescriptor();
    MemorySegment number = arena.allocate(8, 8);
    change.accept(d);
    refused(text, azulejo_h.azj_pool2d_output_size(d, number, number));
    refused(text, azulejo_h.azj_pool2d_forward(queue, d, memory, out, NULL));
    refused(text, azulejo_h.azj_pool2d_backward(queue, d, memory, memory, out));
  }

  @Test
  void denseDescriptors() {
    dense("batch is 0;", d -> azj_dense_desc.batch(d, 0));
    dense("inputs is -1;", d -> azj_dense_desc.inputs(d, -1));
    dense("outputs is 0;", d -> azj_dense_desc.outputs(d, 0));
    dense("activation is 9;", d -> azj_dense_desc.activation(d, 9));
    dense("2^63 - 1", d -> azj_dense_desc.outputs(d, BIG));
    dense("2^63 - 1", d -> azj_dense_desc.batch(d, 1L << 61));
  }

  private void dense(String text, Consumer<MemorySegment> change) {
    MemorySegment d = azj_dense_desc.allocate(arena);
    azj_dense_desc.batch(d, 2);
    azj_dense_desc.inputs(d, 3);
    azj_dense_desc.outputs(d, 4);
    assertEquals(0, azulejo_h.azj_dense_forward(queue, d, memory, memory, NULL, out));
    refused("x is NULL", azulejo_h.azj_dense_forward(queue, d, NULL, memory, NULL, out));
    refused("grad_w is NULL", azulejo_h.azj_dense_grad_weights(queue, d, memory, memory, NULL));
    change.accept(d);
    refused(text, azulejo_h.azj_dense_forward(queue, d, memory, memory, NULL, out));
    refused(text, azulejo_h.azj_dense_grad_input(queue, d, memory, memory, out));
    refused(text, azulejo_h.azj_dense_grad_weights(queue, d, memory, memory, out));
    refused(text, azulejo_h.azj_dense_grad_bias(queue, d, memory, out));
  }

  @Test
  void gemmDescriptors() {
    gemm("m is 0;", d -> azj_gemm_desc.m(d, 0));
    gemm("n is -1;", d -> azj_gemm_desc.n(d, -1));
    gemm("k is 0;", d -> azj_gemm_desc.k(d, 0));
    gemm("lda is 3;", d -> azj_gemm_desc.lda(d, 3));
    gemm("ldb is 0;", d -> azj_gemm_desc.ldb(d, 0));
    gemm("ldc is 2;", d -> azj_gemm_desc.ldc(d, 2));
    gemm("transpose_a is 2;", d -> azj_gemm_desc.transpose_a(d, 2));
    gemm("transpose_b is -1;", d -> azj_gemm_desc.transpose_b(d, -1));
    gemm("algorithm is 999;", d -> azj_gemm_desc.algorithm(d, 999));
    gemm("precision is 3;", d -> azj_gemm_desc.precision(d, 3));
    gemm("2^63 - 1", d -> azj_gemm_desc.lda(d, BIG));
  }

  private void gemm(String text, Consumer<MemorySegment> change) {
    MemorySegment d = GemmProblem.of(2, 3, 4).build().descriptor();
    assertEquals(0, azulejo_h.azj_gemm(queue, d, memory, memory, out));
    refused("c is NULL", azulejo_h.azj_gemm(queue, d, memory, memory, NULL));
    change.accept(d);
    refused(text, azulejo_h.azj_gemm(queue, d, memory, memory, out));
  }

  @Test
  void countsRowsAndPointers() {
    MemorySegment x = memory;
    refused("count is 0;", azulejo_h.azj_fill(queue, 0, 1, x));
    refused("count is -1;", azulejo_h.azj_scale(queue, -1, 1, x));
    refused("2^63 - 1", azulejo_h.azj_axpy(queue, BIG, 1, x, out));
    refused("x is NULL", azulejo_h.azj_sum(queue, 1, 1, NULL, 0, out));
    refused("result is NULL", azulejo_h.azj_sum(queue, 1, 1, x, 0, NULL));
    refused("stream is NULL", azulejo_h.azj_fill(NULL, 1, 1, x));
    refused("activation is 5;", azulejo_h.azj_activation_forward(queue, 5, 0, 1, x, out));
    refused("slope is -1;", azulejo_h.azj_activation_backward(queue, 2, -1, 1, x, x, out));
    refused("rows is 0;", azulejo_h.azj_softmax_forward(queue, 0, 1, x, out));
    refused("classes is 0;", azulejo_h.azj_softmax_backward(queue, 1, 0, x, x, out));
    refused("2^63 - 1", azulejo_h.azj_softmax_forward(queue, BIG, 2, x, out));
    refused(
        "labels is NULL", azulejo_h.azj_softmax_cross_entropy(queue, 1, 1, x, NULL, 1, out, NULL));
    refused(
        "losses is NULL", azulejo_h.azj_sigmoid_cross_entropy(queue, 1, 1, x, x, 1, NULL, NULL));
    refused("columns is 0;", azulejo_h.azj_mean_squared_error(queue, 1, 0, x, x, 1, out, NULL));
    refused("classes is 2147483648;", azulejo_h.azj_argmax(queue, 1, 1L << 31, x, x, out, NULL));
    refused("labels", azulejo_h.azj_argmax(queue, 1, 1, x, NULL, out, out));
    refused("settings is NULL", azulejo_h.azj_sgd(queue, NULL, 1, x, out, NULL));
    refused("v is NULL", azulejo_h.azj_adam(queue, x, 1, x, out, out, NULL));
  }

  private MemorySegment convDescriptor() {
    return Conv2dProblem.builder()
        .batch(2)
        .input(4, 6, 6)
        .filters(8)
        .kernel(3)
        .algorithm(ConvAlgorithm.DIRECT)
        .build()
        .descriptor();
  }

  private MemorySegment poolDescriptor() {
    return Pool2dProblem.builder().batch(2).input(2, 8, 8).window(2).build().descriptor();
  }

  private static void refused(String text, int status) {
    assertEquals(Status.INVALID_ARGUMENT, Status.of(status), text);
    assertText(text);
  }

  private static void assertText(String text) {
    String error = azulejo_h.azj_last_error().getString(0);
    assertTrue(error.contains(text), "'" + error + "' should contain '" + text + "'");
  }
}

package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** No operation allocates a Java object on its way to success, measured in bytes by the JVM. */
class AllocationTest extends DeviceTest {
  private static final int CALLS = 500;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void operationsAllocateNothing() {
    var conv =
        Conv2dProblem.builder()
            .batch(2)
            .input(2, 6, 6)
            .filters(3)
            .kernel(3)
            .algorithm(ConvAlgorithm.IM2COL_GEMM)
            .activation(Activation.RELU)
            .build();
    Convolution.reserveWorkspace(stream, conv, ConvPass.values());
    stream.workspace().reserve(PooledConvolution.workspaceBytes(stream, conv));
    var pool = Pool2dProblem.builder().batch(2).input(2, 4, 4).window(2).build();
    var dense = new DenseProblem(2, 8, 4, Activation.RELU, 0);
    var gemm = GemmProblem.of(3, 4, 5).build();
    try (DeviceBuffer memory = device.allocateFloats("test", 4000);
        SgdSettings sgd = new SgdSettings(device);
        AdamSettings adam = new AdamSettings(device);
        Arena arena = Arena.ofConfined()) {
      Tensor a = memory.floats(0, 800);
      Tensor b = memory.floats(800, 800);
      Tensor c = memory.floats(1600, 800);
      Tensor d = memory.floats(2400, 800);
      Tensor labels = memory.ints(3200, 100);
      Tensor ints = memory.ints(3300, 100);
      MemorySegment host = arena.allocate(4 * 800);
      memory.ints().upload(stream, new int[4000]);

      nothing("upload", () -> a.upload(stream, host));
      nothing("download", () -> a.download(stream, 10, host));
      nothing("copy", () -> b.copyFrom(stream, a, 10));
      nothing("synchronize", stream::synchronize);
      nothing("setBatch of conv", () -> conv.setBatch(2));
      nothing("setBatch of pool", () -> pool.setBatch(2));
      nothing("setBatch of dense", () -> dense.setBatch(2));
      nothing("fill", () -> Elementwise.fill(stream, 10, 0, a));
      nothing("scale", () -> Elementwise.scale(stream, 10, 2, a));
      nothing("axpy", () -> Elementwise.axpy(stream, 10, 2, a, b));
      nothing("sum", () -> Elementwise.sum(stream, 10, 2, a, 0, b));
      nothing("gemm", () -> Gemm.gemm(stream, gemm, a, b, c));
      nothing("conv2d_forward", () -> Convolution.forward(stream, conv, a, b, c, d));
      nothing("conv2d_grad_input", () -> Convolution.gradInput(stream, conv, a, b, c));
      nothing("conv2d_grad_weights", () -> Convolution.gradWeights(stream, conv, a, b, c));
      nothing("conv2d_grad_bias", () -> Convolution.gradBias(stream, conv, a, b));
      nothing(
          "conv2d_pool_forward", () -> PooledConvolution.forward(stream, conv, a, b, c, d, ints));
      nothing(
          "conv2d_pool_backward", () -> PooledConvolution.backward(stream, conv, d, ints, a, b, c));
      nothing("im2col", () -> Convolution.im2col(stream, conv, a, b));
      nothing("col2im", () -> Convolution.col2im(stream, conv, a, b));
      nothing("pool2d_forward", () -> Pooling.forward(stream, pool, a, b, ints));
      nothing("pool2d_backward", () -> Pooling.backward(stream, pool, a, ints, b));
      nothing("dense_forward", () -> Dense.forward(stream, dense, a, b, c, d));
      nothing("dense_grad_input", () -> Dense.gradInput(stream, dense, a, b, c));
      nothing("dense_grad_weights", () -> Dense.gradWeights(stream, dense, a, b, c));
      nothing("dense_grad_bias", () -> Dense.gradBias(stream, dense, a, b));
      nothing("activation_forward", () -> Activations.forward(stream, Activation.TANH, 0, 9, a, b));
      nothing(
          "activation_backward",
          () -> Activations.backward(stream, Activation.TANH, 0, 9, a, b, c));
      nothing("softmax_forward", () -> Softmax.forward(stream, 2, 3, a, b));
      nothing("softmax_backward", () -> Softmax.backward(stream, 2, 3, a, b, c));
      nothing(
          "softmax_cross_entropy",
          () -> Losses.softmaxCrossEntropy(stream, 2, 3, a, labels, 1, b, c));
      nothing(
          "sigmoid_cross_entropy", () -> Losses.sigmoidCrossEntropy(stream, 2, 3, a, d, 1, b, c));
      nothing("mean_squared_error", () -> Losses.meanSquaredError(stream, 2, 3, a, d, 1, b, c));
      nothing("argmax", () -> Losses.argmax(stream, 2, 3, a, labels, ints, b));
      nothing("sgd settings", () -> sgd.set(stream, 0.1f, 0.9f, 0, true));
      nothing("sgd", () -> Optimizers.sgd(stream, sgd, 9, a, b, c));
      nothing("adam settings", () -> adam.set(stream, 0.1f, 0.9f, 0.99f, 1e-8f, 0, true, 5));
      nothing("adam", () -> Optimizers.adam(stream, adam, 9, a, b, c, d));
    }
  }

  private static void nothing(String what, Runnable operation) {
    // The first calls link the downcall and compile it; the JVM may also allocate for itself while
    // it compiles, so the
    // best of a few measurements counts.
    for (int i = 0; i < CALLS; i++) {
      operation.run();
    }
    long least = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 5 && least > 0; attempt++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        operation.run();
      }
      least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
    }
    assertEquals(0, least, what + ": bytes allocated by " + CALLS + " calls");
  }
}

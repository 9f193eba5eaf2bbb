package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Tensor;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** No operation on BF16 allocates a Java object on its way to success. */
class Bf16AllocationTest extends Bf16DeviceTest {
  private static final int CALLS = 500;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void operationsAllocateNothing() {
    var conv = Conv2dProblem.builder().input(2, 4, 4).filters(3).kernel(3).build();
    var pool = Pool2dProblem.builder().input(2, 4, 4).window(2).build();
    var gemm = GemmProblem.of(3, 8, 8).build();
    try (DeviceBuffer memory = device.allocate("test", 5000)) {
      Tensor a = memory.bf16(0, 512);
      Tensor b = memory.bf16(512, 512);
      Tensor c = memory.bf16(1024, 512);
      Tensor floats = memory.floats(800, 200);
      Tensor bytes = memory.pixels(4000, 500);
      if (!runsOnHopper(() -> Bf16Convolution.workspaceBytes(stream, conv, ConvPass.FORWARD))) {
        return;
      }
      for (ConvPass pass : ConvPass.values()) {
        stream.workspace().reserve(Bf16Convolution.workspaceBytes(stream, conv, pass));
      }
      stream.workspace().reserve(Bf16PooledConvolution.workspaceBytes(stream, conv));
      memory.pixels().upload(stream, new byte[5000]);
      nothing("pack", () -> Bf16Packing.pack(stream, 2, 3, 4, floats, a));
      nothing("unpack", () -> Bf16Packing.unpack(stream, 2, 3, 4, a, floats));
      nothing("gemm", () -> Bf16Gemm.gemm(stream, gemm, a, b, c));
      nothing("conv2d_forward", () -> Bf16Convolution.forward(stream, conv, a, b, floats, c));
      nothing("conv2d_grad_input", () -> Bf16Convolution.gradInput(stream, conv, a, b, c));
      nothing("conv2d_grad_weights", () -> Bf16Convolution.gradWeights(stream, conv, a, b, floats));
      nothing(
          "conv2d_pool_forward",
          () -> Bf16PooledConvolution.forward(stream, conv, a, b, floats, c, bytes));
      nothing(
          "conv2d_pool_backward",
          () -> Bf16PooledConvolution.backward(stream, conv, a, bytes, b, c, floats));
      nothing(
          "activation_backward",
          () -> Bf16Activations.backward(stream, Activation.TANH, 0, 9, 5, a, b, c, floats));
      nothing("pool2d_forward", () -> Bf16Pooling.forward(stream, pool, a, b, bytes));
      nothing("pool2d_backward", () -> Bf16Pooling.backward(stream, pool, a, bytes, b));
    }
  }

  private static void nothing(String what, Runnable operation) {
    long least = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 6 && least > 0; attempt++) {
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        operation.run();
      }
      least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
    }
    assertEquals(0, least, what + ": bytes allocated by " + CALLS + " calls");
  }
}

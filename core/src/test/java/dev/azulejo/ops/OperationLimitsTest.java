package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.AzulejoException;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Status;
import dev.azulejo.device.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * Counts, scalars, optional arguments and the workspace: what operations refuse beside their
 * tensors.
 */
class OperationLimitsTest extends DeviceTest {
  @Test
  void countsMustBePositive() {
    try (Guarded x = Guarded.of(stream, "x", new float[4])) {
      Tensor t = x.floats();
      assertMessage("count must be at least 1, was 0", () -> Elementwise.fill(stream, 0, 1, t));
      assertMessage("count must be at least 1, was -1", () -> Elementwise.scale(stream, -1, 1, t));
      assertMessage(
          "count must be at least 1, was 0",
          () -> Activations.forward(stream, Activation.RELU, 0, 0, t, t));
      assertMessage("rows must be at least 1, was 0", () -> Softmax.forward(stream, 0, 1, t, t));
      assertMessage(
          "classes must be at least 1, was -1", () -> Softmax.forward(stream, 1, -1, t, t));
      assertMessage(
          "columns must be at least 1, was 0",
          () -> Losses.meanSquaredError(stream, 1, 0, t, t, 1, t, t));
      assertMessage(
          "rows * classes = 4294967296 * 4294967296 does not fit 64 bits",
          () -> Softmax.forward(stream, 1L << 32, 1L << 32, t, t));
      assertMessage(
          "slope of LEAKY_RELU must be in [0, 1), was 1.0",
          () -> Activations.forward(stream, Activation.LEAKY_RELU, 1, 4, t, t));
      assertThrows(NullPointerException.class, () -> Activations.forward(stream, null, 1, 4, t, t));
    }
  }

  @Test
  void hitsNeedLabels() {
    try (Guarded x = Guarded.of(stream, "x", new float[4]);
        Guarded predictions = Guarded.output(stream, "predictions", 2);
        Guarded hits = Guarded.output(stream, "hits", 2)) {
      assertEquals(
          "labels",
          thrown(
              NullPointerException.class,
              "argmax",
              () ->
                  Losses.argmax(
                      stream, 2, 2, x.floats(), null, predictions.ints(), hits.floats())));
    }
  }

  /** The library says how much it needs, and Java how to give it. */
  @Test
  void aWorkspaceThatIsTooSmallIsRefused() {
    var problem =
        Conv2dProblem.builder()
            .batch(2)
            .input(3, 9, 9)
            .filters(4)
            .kernel(3)
            .algorithm(ConvAlgorithm.IM2COL_GEMM)
            .build();
    long needed = Convolution.workspaceBytes(stream, problem, ConvPass.FORWARD);
    assertTrue(needed > 0);
    stream.workspace().trim();
    try (Guarded x = Guarded.of(stream, "x", new float[(int) problem.inputCount()]);
        Guarded w = Guarded.of(stream, "w", new float[(int) problem.weightCount()]);
        Guarded y = Guarded.output(stream, "y", problem.outputCount())) {
      for (long given : new long[] {0, needed - 1}) {
        stream.workspace().reserve(given);
        var e =
            assertThrows(
                AzulejoException.class,
                () ->
                    Convolution.forward(stream, problem, x.floats(), w.floats(), null, y.floats()));
        assertEquals(Status.WORKSPACE_TOO_SMALL, e.status());
        assertTrue(e.getMessage().contains(Long.toString(needed)), e.getMessage());
        assertTrue(e.getMessage().contains(Long.toString(given)), e.getMessage());
        assertTrue(e.getMessage().contains("stream.workspace().reserve(bytes)"), e.getMessage());
        y.assertUnchanged();
      }
      stream.workspace().reserve(needed);
      Convolution.forward(stream, problem, x.floats(), w.floats(), null, y.floats());
    }
  }

  private static void assertMessage(String message, Executable executable) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, executable).getMessage());
  }

  private static String thrown(
      Class<? extends Exception> type, String operation, Executable executable) {
    return assertThrows(type, executable, operation).getMessage();
  }
}

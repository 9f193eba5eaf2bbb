package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Shapes that cannot be are refused when the problem is made, with the sizes that do not fit. */
class ProblemValidationTest {
  private static final long BIG = Long.MAX_VALUE;

  @Test
  void convolutionSizesMustBePositive() {
    assertMessage("channels must be at least 1, was 0", () -> conv().channels(0).build());
    assertMessage("height must be at least 1, was -3", () -> conv().height(-3).build());
    assertMessage("width must be at least 1, was 0", () -> conv().width(0).build());
    assertMessage("filters must be at least 1, was 0", () -> conv().filters(0).build());
    assertMessage("kernel height must be at least 1, was 0", () -> conv().kernel(0).build());
    assertMessage("kernel width must be at least 1, was -1", () -> conv().kernel(1, -1).build());
    assertMessage("stride height must be at least 1, was 0", () -> conv().stride(0).build());
    assertMessage("stride width must be at least 1, was 0", () -> conv().stride(1, 0).build());
    assertMessage("padding height must be at least 0, was -1", () -> conv().padding(-1).build());
    assertMessage("padding width must be at least 0, was -1", () -> conv().padding(0, -1).build());
    assertMessage("dilation height must be at least 1, was 0", () -> conv().dilation(0).build());
    assertMessage("dilation width must be at least 1, was 0", () -> conv().dilation(1, 0).build());
    assertMessage("groups must be at least 1, was 0", () -> conv().groups(0).build());
    assertMessage("batch must be at least 1, was 0", () -> conv().batch(0).build());
    assertMessage(
        "samples per unroll must be at least 0, was -1", () -> conv().samplesPerUnroll(-1).build());
  }

  @Test
  void kernelsMustFitThePaddedInput() {
    assertMessage(
        "the kernel covers 9 rows (size 9, dilation 1) but the padded input has only 8 (input 8,"
            + " padding 0 on each side)",
        () -> conv().kernel(9, 1).build());
    assertMessage(
        "the kernel covers 13 columns (size 5, dilation 3) but the padded input has only 12 (input"
            + " 8, padding 2 on each side)",
        () -> conv().kernel(1, 5).dilation(1, 3).padding(0, 2).build());
    assertEquals(1, conv().kernel(5).dilation(3).padding(3).stride(7).build().outputWidth());
  }

  @Test
  void groupsMustDivide() {
    assertMessage(
        "groups must divide channels and filters; groups 3, channels 4, filters 6",
        () -> conv().groups(3).build());
    assertMessage(
        "groups must divide channels and filters; groups 4, channels 4, filters 6",
        () -> conv().groups(4).build());
  }

  @Test
  void leakyReluNeedsASlope() {
    for (float slope : new float[] {-0.1f, 1, Float.NaN}) {
      assertMessage(
          "slope of LEAKY_RELU must be in [0, 1), was " + slope,
          () -> conv().activation(Activation.LEAKY_RELU, slope).build());
      conv().activation(Activation.RELU, slope).build();
    }
  }

  @Test
  void convolutionSizesMustFit64Bits() {
    assertMessage(
        "channels * height * width = 4 * 4294967296 * 4294967296 does not fit 64 bits",
        () -> conv().height(1L << 32).width(1L << 32).build());
    assertMessage(
        "x has 4611686018427387904 elements of 4 bytes, which does not fit 64 bits",
        () -> conv().height(1L << 30).width(1L << 30).build());
    assertMessage(
        "2 * padding = 2 * 9223372036854775807 does not fit 64 bits",
        () -> conv().padding(BIG).build());
    assertMessage(
        "input rows + 2 * padding = 8 + 9223372036854775806 does not fit 64 bits",
        () -> conv().padding(BIG / 2).build());
    assertMessage(
        "dilation * (kernel rows - 1) = 9223372036854775807 * 2 does not fit 64 bits",
        () -> conv().dilation(BIG).build());
    assertMessage(
        "filters * output height * output width = 9223372036854775807 * 6 * 6 does not fit 64 bits",
        () -> conv().filters(BIG).build());
    assertMessage(
        "filters * (channels / groups) * kernel height * kernel width = 1152921504606846976 * 4 * 3"
            + " * 3 does not fit 64 bits",
        () -> conv().height(3).width(3).filters(1L << 60).build());
    assertMessage(
        "batch * elements of x per sample = 9223372036854775807 * 256 does not fit 64 bits",
        () -> conv().batch(BIG).build());
  }

  @Test
  void setBatchChecksAndChangesNothingOnFailure() {
    Conv2dProblem problem = conv().batch(7).build();
    assertEquals(7 * 4 * 64, problem.inputCount());
    assertEquals(7 * 6 * 36, problem.outputCount());
    assertEquals(7 * 36 * 36, problem.unrolledCount());
    assertMessage("batch must be at least 1, was 0", () -> problem.setBatch(0));
    assertThrows(IllegalArgumentException.class, () -> problem.setBatch(BIG));
    assertEquals(7, problem.batch());
    assertEquals(7 * 4 * 64, problem.inputCount());
    problem.setBatch(3);
    assertEquals(3, problem.batch());
    assertEquals(3 * 4 * 64, problem.inputCount());
    assertEquals(3 * 6 * 36, problem.outputCount());
    assertEquals(6 * 4 * 9, problem.weightCount());
    assertEquals(6, problem.biasCount());
  }

  @Test
  void poolingShapes() {
    assertMessage("window height must be at least 1, was 0", () -> pool().window(0).build());
    assertMessage("stride width must be at least 1, was 0", () -> pool().stride(1, 0).build());
    assertMessage("channels must be at least 1, was 0", () -> pool().input(0, 8, 8).build());
    assertMessage("height must be at least 1, was -8", () -> pool().input(1, -8, 8).build());
    assertMessage("batch must be at least 1, was -1", () -> pool().batch(-1).build());
    assertMessage("padding height must be at least 0, was -1", () -> pool().padding(-1).build());
    assertMessage(
        "the window covers 9 rows (size 9, dilation 1) but the padded input has only 8 (input 8,"
            + " padding 0 on each side)",
        () -> pool().window(9, 2).build());
    assertMessage(
        "padding height must be less than window height, so that every window touches the input;"
            + " padding 2, window 2",
        () -> pool().window(2).padding(2).build());
    assertMessage(
        "height * width must be less than 2^31, so that argmax can name each element, was 65536 *"
            + " 65536",
        () -> pool().input(1, 65536, 65536).build());
    assertMessage(
        "height * width = 4294967296 * 4294967296 does not fit 64 bits",
        () -> pool().input(1, 1L << 32, 1L << 32).build());
    assertMessage(
        "batch * elements of x per sample = 9223372036854775807 * 128 does not fit 64 bits",
        () -> pool().batch(BIG).build());
    Pool2dProblem problem = pool().batch(5).build();
    problem.setBatch(2);
    assertEquals(2 * 128, problem.inputCount());
    assertEquals(2 * 32, problem.outputCount());
  }

  @Test
  void denseShapes() {
    assertMessage("inputs must be at least 1, was 0", () -> new DenseProblem(1, 0, 1));
    assertMessage("outputs must be at least 1, was -1", () -> new DenseProblem(1, 1, -1));
    assertMessage("batch must be at least 1, was 0", () -> new DenseProblem(0, 1, 1));
    assertMessage(
        "outputs * inputs = 4294967296 * 4294967296 does not fit 64 bits",
        () -> new DenseProblem(1, 1L << 32, 1L << 32));
    assertMessage(
        "batch * inputs = 9223372036854775807 * 2 does not fit 64 bits",
        () -> new DenseProblem(BIG, 2, 2));
    assertMessage(
        "slope of LEAKY_RELU must be in [0, 1), was 2.0",
        () -> new DenseProblem(1, 1, 1, Activation.LEAKY_RELU, 2));
    assertEquals(
        "activation",
        assertThrows(NullPointerException.class, () -> new DenseProblem(1, 1, 1, null, 0))
            .getMessage());
  }

  @Test
  void gemmShapes() {
    assertMessage("m must be at least 1, was 0", () -> GemmProblem.of(0, 1, 1).build());
    assertMessage("n must be at least 1, was -1", () -> GemmProblem.of(1, -1, 1).build());
    assertMessage("k must be at least 1, was 0", () -> GemmProblem.of(1, 1, 0).build());
    assertMessage(
        "lda must be at least the length of a stored row, 4, was 3",
        () -> GemmProblem.of(2, 3, 4).leading(3, 3, 3).build());
    assertMessage(
        "lda must be at least the length of a stored row, 2, was 1",
        () -> GemmProblem.of(2, 3, 4).transposeA(true).leading(1, 3, 3).build());
    assertMessage(
        "ldb must be at least the length of a stored row, 3, was -1",
        () -> GemmProblem.of(2, 3, 4).leading(4, -1, 3).build());
    assertMessage(
        "(stored rows of A - 1) * lda = 4294967295 * 4294967296 does not fit 64 bits",
        () -> GemmProblem.of(1L << 32, 1, 1L << 32).build());
    assertMessage(
        "C has 4611686018427387904 elements of 4 bytes, which does not fit 64 bits",
        () -> GemmProblem.of(1L << 31, 1L << 31, 1).build());
    GemmProblem problem = GemmProblem.of(2, 3, 4).leading(5, 6, 7).build();
    assertEquals(5 + 4, problem.countA());
    assertEquals(3 * 6 + 3, problem.countB());
    assertEquals(7 + 3, problem.countC());
    assertEquals("GEMM m 2, n 3, k 4, AUTO", problem.toString());
    GemmBatch batch = new GemmBatch(3, 100, 0, 10);
    assertEquals(2 * 100 + 9, batch.countA(problem));
    assertEquals(21, batch.countB(problem));
    assertEquals(2 * 10 + 10, batch.countC(problem));
    assertEquals(new GemmBatch(4, 9, 21, 10), GemmBatch.contiguous(4, problem));
    assertMessage("products of a batch must be at least 1, was 0", () -> new GemmBatch(0, 1, 1, 1));
    assertMessage("stride of A must be at least 0, was -1", () -> new GemmBatch(1, -1, 1, 1));
    assertMessage(
        "stride of C must be at least 10, was 9", () -> new GemmBatch(2, 0, 0, 9).countC(problem));
    assertEquals(10, new GemmBatch(1, 0, 0, 0).countC(problem));
    assertMessage(
        "(products of a batch - 1) * stride of B = 2 * 4611686018427387904 does not fit 64 bits",
        () -> new GemmBatch(3, 0, 1L << 62, 10).countB(problem));
  }

  @Test
  void problemsSayWhatTheyAre() {
    assertTrue(conv().build().toString().startsWith("batch 1, Conv2dShape[channels=4, height=8"));
    assertTrue(pool().build().toString().endsWith("MAX"));
    assertEquals("batch 2, dense 3 to 4, IDENTITY", new DenseProblem(2, 3, 4).toString());
  }

  /** 4 channels of 8 x 8, 6 filters of 3 x 3. */
  private static Conv2dBuilder conv() {
    return Conv2dProblem.builder().input(4, 8, 8).filters(6).kernel(3);
  }

  /** 2 channels of 8 x 8, windows of 2 x 2. */
  private static Pool2dBuilder pool() {
    return Pool2dProblem.builder().input(2, 8, 8).window(2);
  }

  private static void assertMessage(String message, Executable executable) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, executable).getMessage());
  }
}

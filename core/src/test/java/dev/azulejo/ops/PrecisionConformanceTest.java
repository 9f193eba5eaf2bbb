package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What AUTO chooses rounds no more than was allowed, and a result is as exact as that. */
class PrecisionConformanceTest extends DeviceTest {
  private static final int M = 33;
  private static final int N = 17;
  private static final int K = 40;

  @ParameterizedTest
  @EnumSource(Precision.class)
  void convolutionsRoundAtMostSoMuch(Precision precision) {
    Conv2dProblem problem =
        Conv2dProblem.builder()
            .input(8, 9, 9)
            .filters(8)
            .kernel(3)
            .build()
            .withPrecision(precision);
    for (ConvPass pass : ConvPass.values()) {
      ConvAlgorithm chosen = Convolution.algorithm(stream, problem, pass);
      assertTrue(chosen.precision().roundoff() <= precision.roundoff(), pass + ": " + chosen);
    }
    // The precision stays with a problem whose algorithm is settled.
    Conv2dProblem settled =
        problem.withAlgorithm(ConvAlgorithm.DIRECT).withAlgorithm(ConvAlgorithm.AUTO);
    assertEquals(
        Convolution.algorithm(stream, problem, ConvPass.FORWARD),
        Convolution.algorithm(stream, settled, ConvPass.FORWARD));
  }

  /** A product, and the same as a dense layer, whose w is B transposed. */
  @ParameterizedTest
  @EnumSource(Precision.class)
  void productsAreAsExactAsThat(Precision precision) {
    float[] a = new Samples(1).uniform(M * K);
    float[] b = new Samples(2).uniform(K * N);
    float[] w = new float[N * K];
    for (int i = 0; i < K * N; i++) {
      w[i % N * K + i / N] = b[i];
    }
    GemmProblem gemm = GemmProblem.of(M, N, K).precision(precision).build();
    DenseProblem dense = new DenseProblem(M, K, N).withPrecision(precision);
    try (Guarded ofA = Guarded.of(stream, "a", a);
        Guarded ofB = Guarded.of(stream, "b", b);
        Guarded ofW = Guarded.of(stream, "w", w);
        Guarded c = Guarded.output(stream, "c", M * N);
        Guarded y = Guarded.output(stream, "y", M * N)) {
      Gemm.gemm(stream, gemm, ofA.floats(), ofB.floats(), c.floats());
      Dense.forward(stream, dense, ofA.floats(), ofW.floats(), null, y.floats());
      check(precision, a, b, c.floats().toArray(stream));
      check(precision, a, b, y.floats().toArray(stream));
    }
  }

  private static void check(Precision precision, float[] a, float[] b, float[] actual) {
    for (int i = 0; i < M * N; i++) {
      double exact = 0;
      double magnitude = 0;
      for (int k = 0; k < K; k++) {
        double term = (double) a[i / N * K + k] * b[k * N + i % N];
        exact += term;
        magnitude += Math.abs(term);
      }
      assertEquals(
          exact, actual[i], Tolerance.sum(precision, K, magnitude), precision + " at " + i);
    }
  }
}

package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Tensor;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.PackedReference;
import dev.azulejo.reference.PoolCase;
import dev.azulejo.reference.PoolingReference;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Max and mean pooling in BF16 against float64, over every line of the problem list. */
class Bf16PoolingConformanceTest extends Bf16DeviceTest {
  static List<PoolCase> cases() {
    return PoolCase.inBf16();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void maxForwardAndBackward(PoolCase c) {
    Pool2dProblem problem = c.problem(PoolMode.MAX, false);
    PackedReference in = input(c);
    PackedReference out = output(c);
    var samples = new Samples(54);
    float[] x = Bf16.rounded(samples.uniform(problem.inputCount()));
    // Equal neighbours, so that "the first maximum" is decided.
    for (int i = 3; i < x.length; i += 3) {
      x[i] = x[i - 1];
    }
    float[] gradY = Bf16.rounded(samples.uniform(problem.outputCount()));
    PoolingReference reference = c.reference();
    int[] argmax = reference.argmax(Doubles.of(x));
    double[] max = reference.max(Doubles.of(x));
    double[] gradX = reference.gradMax(Doubles.of(gradY), argmax);
    double[] errors =
        Tolerance.sums(c.windowTaps(), reference.gradMax(Doubles.abs(Doubles.of(gradY)), argmax));
    try (GuardedBf16 dx = GuardedBf16.of(stream, "x", in.pack(Bf16.of(x)));
        GuardedBf16 dg = GuardedBf16.of(stream, "gradY", out.pack(Bf16.of(gradY)));
        GuardedBf16 y = GuardedBf16.output(stream, "y", out.packedCount());
        GuardedBf16 alone = GuardedBf16.output(stream, "y without argmax", out.packedCount());
        DeviceBuffer taps = device.allocate("argmax", out.packedCount());
        GuardedBf16 gx = GuardedBf16.output(stream, "gradX", in.packedCount());
        GuardedBf16 again = GuardedBf16.output(stream, "gradX again", in.packedCount())) {
      Tensor tap = taps.pixels();
      if (!runs(() -> Bf16Pooling.forward(stream, problem, dx.tensor(), y.tensor(), tap))) {
        return;
      }
      Bf16Pooling.forward(stream, problem, dx.tensor(), alone.tensor(), null);
      check("y", out, max, new double[max.length], y.written());
      same("y without argmax", y, alone);
      assertArrayEquals(reference.taps(argmax), out.unpack(tap.toByteArray(stream)), "argmax");
      Bf16Pooling.backward(stream, problem, dg.tensor(), tap, gx.tensor());
      check("gradX", in, gradX, Tolerance.storedBf16(gradX, errors), gx.written());
      Bf16Pooling.backward(stream, problem, dg.tensor(), tap, again.tensor());
      same("gradX", gx, again);
      dx.assertUnchanged();
      dg.assertUnchanged();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void meanForwardAndBackward(PoolCase c) {
    PackedReference in = input(c);
    PackedReference out = output(c);
    PoolingReference reference = c.reference();
    var samples = new Samples(55);
    for (boolean count : new boolean[] {false, true}) {
      Pool2dProblem problem = c.problem(PoolMode.MEAN, count);
      float[] x = Bf16.rounded(samples.uniform(problem.inputCount()));
      float[] gradY = Bf16.rounded(samples.uniform(problem.outputCount()));
      double[] mean = reference.mean(Doubles.of(x), count);
      double[] gradX = reference.gradMean(Doubles.of(gradY), count);
      double terms = c.windowTaps() + 1;
      double[] errors = Tolerance.sums(terms, reference.mean(Doubles.abs(Doubles.of(x)), count));
      double[] gradErrors =
          Tolerance.sums(terms, reference.gradMean(Doubles.abs(Doubles.of(gradY)), count));
      try (GuardedBf16 dx = GuardedBf16.of(stream, "x", in.pack(Bf16.of(x)));
          GuardedBf16 dg = GuardedBf16.of(stream, "gradY", out.pack(Bf16.of(gradY)));
          GuardedBf16 y = GuardedBf16.output(stream, "y", out.packedCount());
          GuardedBf16 gx = GuardedBf16.output(stream, "gradX", in.packedCount())) {
        if (!runs(() -> Bf16Pooling.forward(stream, problem, dx.tensor(), y.tensor(), null))) {
          return;
        }
        check("y", out, mean, Tolerance.storedBf16(mean, errors), y.written());
        Bf16Pooling.backward(stream, problem, dg.tensor(), null, gx.tensor());
        check("gradX", in, gradX, Tolerance.storedBf16(gradX, gradErrors), gx.written());
        dx.assertUnchanged();
        dg.assertUnchanged();
      }
    }
  }

  private static PackedReference input(PoolCase c) {
    return new PackedReference(
        c.batch(), c.shape().channels(), c.shape().height() * c.shape().width());
  }

  private static PackedReference output(PoolCase c) {
    return new PackedReference(
        c.batch(), c.shape().channels(), c.shape().outputHeight() * c.shape().outputWidth());
  }
}

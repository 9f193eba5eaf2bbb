package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.PackedReference;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The way back through an activation in BF16, and the gradient to the bias, against float64. */
class Bf16ActivationConformanceTest extends Bf16DeviceTest {
  private static final float SLOPE = 0.125f;

  @ParameterizedTest
  @CsvSource({"1,1", "1,8", "3,5", "64,10", "49,16", "100,33", "513,64", "2000,3", "31,130"})
  void backward(int pixels, int channels) {
    var layout = new PackedReference(1, channels, pixels);
    var samples = new Samples(53);
    for (Activation activation : Activation.values()) {
      float[] z = samples.uniform((long) pixels * channels, 4);
      float[] y = new float[z.length];
      for (int i = 0; i < y.length; i++) {
        y[i] = (float) ActivationReference.value(activation, SLOPE, z[i]);
      }
      y = Bf16.rounded(y);
      float[] gradY = Bf16.rounded(samples.uniform(y.length));
      double[] expected = new double[y.length];
      double[] errors = new double[y.length];
      double[] bias = new double[channels];
      double[] magnitude = new double[channels];
      double[] error = new double[channels];
      for (int i = 0; i < y.length; i++) {
        expected[i] = gradY[i] * ActivationReference.derivativeFromOutput(activation, SLOPE, y[i]);
        errors[i] = Tolerance.function(expected[i]);
        bias[i / pixels] += expected[i];
        magnitude[i / pixels] += Math.abs(expected[i]);
        error[i / pixels] += errors[i];
      }
      double[] allowed = Tolerance.storedBf16(expected, errors);
      double[] biasAllowed = Tolerance.sums(pixels, magnitude);
      for (int i = 0; i < channels; i++) {
        biasAllowed[i] += error[i];
      }
      short[] packedGradY = layout.pack(Bf16.of(gradY));
      try (GuardedBf16 dy = GuardedBf16.of(stream, "y", layout.pack(Bf16.of(y)));
          GuardedBf16 dg = GuardedBf16.of(stream, "gradY", packedGradY);
          GuardedBf16 inPlace = GuardedBf16.of(stream, "gradY in place", packedGradY);
          GuardedBf16 gradZ = GuardedBf16.output(stream, "gradZ", layout.packedCount());
          GuardedBf16 alone = GuardedBf16.output(stream, "gradZ", layout.packedCount());
          Guarded gradBias = Guarded.output(stream, "gradBias", channels);
          Guarded again = Guarded.output(stream, "gradBias", channels)) {
        if (!runs(() -> run(activation, pixels, channels, dy, dg, gradZ, gradBias))) {
          return;
        }
        String what = "gradZ of " + activation;
        check(what, layout, expected, allowed, gradZ.written());
        Agreement.check("gradBias of " + activation, bias, biasAllowed, gradBias.written());
        run(activation, pixels, channels, dy, dg, alone, null);
        same(what + " without gradBias", gradZ, alone);
        run(activation, pixels, channels, dy, inPlace, inPlace, again);
        same(what + " in place", gradZ, inPlace);
        assertArrayEquals(gradBias.writtenInts(), again.writtenInts(), "bits of a second run");
        dy.assertUnchanged();
        dg.assertUnchanged();
      }
    }
  }

  private void run(
      Activation activation,
      int pixels,
      int channels,
      GuardedBf16 y,
      GuardedBf16 gradY,
      GuardedBf16 gradZ,
      Guarded gradBias) {
    Bf16Activations.backward(
        stream,
        activation,
        SLOPE,
        pixels,
        channels,
        y.tensor(),
        gradY.tensor(),
        gradZ.tensor(),
        gradBias == null ? null : gradBias.floats());
  }
}

package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Tensor;
import dev.azulejo.reference.Bf16ConvPoolReference;
import dev.azulejo.reference.Bf16ConvReference;
import dev.azulejo.reference.ConvCase;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Convolutions with max pooling of images in BF16 against the float64 reference, and forward
 * against the two operations one after the other, to the last bit. Rows N7-N9, T9, T11.
 */
class Bf16PooledConvolutionConformanceTest extends Bf16DeviceTest {
  static List<ConvCase> cases() {
    return Bf16ConvPoolReference.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forward(ConvCase c) {
    var reference = new Bf16ConvPoolReference(c);
    Bf16ConvReference operands = reference.convolution();
    for (Activation activation : List.of(Activation.LEAKY_RELU, Activation.TANH)) {
      Conv2dProblem problem = operands.problem(activation);
      long count = Bf16PooledConvolution.pooledCount(problem);
      try (GuardedBf16 x = GuardedBf16.of(stream, "x", operands.x());
          GuardedBf16 w = GuardedBf16.of(stream, "w", operands.w());
          Guarded bias = Guarded.of(stream, "bias", operands.bias());
          GuardedBf16 y = GuardedBf16.output(stream, "y", count);
          GuardedBf16 alone = GuardedBf16.output(stream, "y without argmax", count);
          GuardedBf16 z = GuardedBf16.output(stream, "z", Bf16Convolution.outputCount(problem));
          GuardedBf16 pooled = GuardedBf16.output(stream, "pooled z", count);
          DeviceBuffer taps = device.allocate("argmax", count);
          DeviceBuffer others = device.allocate("argmax of two steps", count)) {
        Tensor b = bias.floats();
        Tensor argmax = taps.pixels();
        if (!runsOnHopper(() -> reserve(problem))) {
          return;
        }
        Bf16PooledConvolution.forward(
            stream, problem, x.tensor(), w.tensor(), b, y.tensor(), argmax);
        Bf16ConvReference.Exact exact = reference.forward(activation, true);
        String what = "y with " + activation;
        check(what, reference.pooled(), exact.values(), exact.allowed(), y.written());
        double shortfall = reference.shortfall(activation, true, argmax.toByteArray(stream));
        assertTrue(shortfall <= 1, () -> what + ": argmax is off by " + shortfall);
        Bf16PooledConvolution.forward(
            stream, problem, x.tensor(), w.tensor(), b, alone.tensor(), null);
        same(what + " without argmax", y, alone);

        Bf16Convolution.forward(stream, problem, x.tensor(), w.tensor(), b, z.tensor());
        Bf16Pooling.forward(stream, pooling(problem), z.tensor(), pooled.tensor(), others.pixels());
        assertArrayEquals(pooled.written(), y.written(), what + ": the bits of two steps");
        assertArrayEquals(
            others.pixels().toByteArray(stream), argmax.toByteArray(stream), what + ": argmax");
        x.assertUnchanged();
        w.assertUnchanged();
        bias.assertUnchanged();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void backward(ConvCase c) {
    var reference = new Bf16ConvPoolReference(c);
    for (Activation activation : Activation.values()) {
      Conv2dProblem problem = reference.convolution().problem(activation);
      long outputs = Bf16Convolution.outputCount(problem);
      byte[] places = reference.argmax();
      try (GuardedBf16 y = GuardedBf16.of(stream, "y", reference.y(activation));
          GuardedBf16 gradY = GuardedBf16.of(stream, "gradY", reference.gradY());
          GuardedBf16 gradZ = GuardedBf16.output(stream, "gradZ", outputs);
          GuardedBf16 alone = GuardedBf16.output(stream, "gradZ without bias", outputs);
          Guarded gradBias = Guarded.output(stream, "gradBias", problem.biasCount());
          DeviceBuffer taps = device.allocate("argmax", places.length)) {
        taps.pixels().upload(stream, places);
        if (!runs(() -> backward(problem, y, taps, gradY, gradZ, gradBias.floats()))) {
          return;
        }
        Bf16ConvReference.Exact exact = reference.gradZ(activation);
        String what = "gradZ of " + activation;
        check(
            what,
            reference.convolution().output(),
            exact.values(),
            exact.allowed(),
            gradZ.written());
        Bf16ConvReference.Exact bias = reference.gradBias(activation);
        Agreement.check(
            "gradBias of " + activation, bias.values(), bias.allowed(), gradBias.written());
        backward(problem, y, taps, gradY, alone, null);
        same(what + " without gradBias", gradZ, alone);
        y.assertUnchanged();
        gradY.assertUnchanged();
        assertArrayEquals(places, taps.pixels().toByteArray(stream), "argmax");
      }
    }
  }

  private void backward(
      Conv2dProblem problem,
      GuardedBf16 y,
      DeviceBuffer taps,
      GuardedBf16 gradY,
      GuardedBf16 gradZ,
      Tensor gradBias) {
    Bf16PooledConvolution.backward(
        stream, problem, y.tensor(), taps.pixels(), gradY.tensor(), gradZ.tensor(), gradBias);
  }

  /** What both queries ask for, not what a case before left. */
  private void reserve(Conv2dProblem problem) {
    stream.workspace().trim();
    stream.workspace().reserve(Bf16PooledConvolution.workspaceBytes(stream, problem));
    stream.workspace().reserve(Bf16Convolution.workspaceBytes(stream, problem, ConvPass.FORWARD));
  }

  private static Pool2dProblem pooling(Conv2dProblem problem) {
    return Pool2dProblem.builder()
        .batch(problem.batch())
        .input(problem.shape().filters(), problem.outputHeight(), problem.outputWidth())
        .window(2)
        .build();
  }
}

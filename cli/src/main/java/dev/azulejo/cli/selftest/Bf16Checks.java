package dev.azulejo.cli.selftest;

import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Bf16;
import dev.azulejo.ops.Bf16Activations;
import dev.azulejo.ops.Bf16Packing;
import dev.azulejo.ops.Bf16Pooling;
import dev.azulejo.ops.Pool2dProblem;
import dev.azulejo.ops.PoolMode;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.PackedReference;
import dev.azulejo.reference.PoolCase;
import dev.azulejo.reference.PoolingReference;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** The operations on BF16 that every CUDA device has: packing, activations and pooling. */
final class Bf16Checks {
  private static final float SLOPE = 0.125f;

  /** Rows, channels, positions. */
  private static final int[][] SIZES = {
    {1, 1, 1}, {2, 3, 784}, {3, 7, 25}, {2, 8, 64}, {1, 9, 33}, {33, 65, 1}, {2, 130, 35}
  };

  private Bf16Checks() {}

  static List<Check> all(DeviceInfo device) {
    List<Check> checks = new ArrayList<>();
    if (device.kind() == DeviceKind.CPU) {
      return checks;
    }
    checks.add(sizes("bf16_pack", "", Bf16Checks::pack));
    checks.add(sizes("bf16_unpack", "", Bf16Checks::unpack));
    for (Activation activation : Activation.values()) {
      checks.add(
          sizes(
              "bf16_activation_backward",
              activation.name(),
              size -> activationBackward(activation, size[2], size[1])));
    }
    for (PoolMode mode : PoolMode.values()) {
      checks.add(pooling("bf16_pool2d_forward", mode, c -> poolForward(c, mode)));
      checks.add(pooling("bf16_pool2d_backward", mode, c -> poolBackward(c, mode)));
    }
    return checks;
  }

  private static Check sizes(String operation, String name, Function<int[], Trial.Body> body) {
    List<Trial> trials = new ArrayList<>();
    for (int[] size : SIZES) {
      String sizes = "%d rows of %d channels of %d".formatted(size[0], size[1], size[2]);
      trials.add(new Trial(sizes, body.apply(size)));
    }
    return new Check(operation, name, trials);
  }

  private static Check pooling(
      String operation, PoolMode mode, Function<PoolCase, Trial.Body> body) {
    List<Trial> trials =
        PoolCase.inBf16().stream().map(c -> new Trial(c.name(), body.apply(c))).toList();
    return new Check(operation, mode.name(), trials);
  }

  private static Trial.Body pack(int[] size) {
    return bench -> {
      var layout = new PackedReference(size[0], size[1], size[2]);
      float[] x = new Samples(60).uniform((long) size[0] * size[1] * size[2], 100);
      Tensor xs = bench.floats(x);
      Tensor ps = bench.bf16Output(layout.packedCount());
      bench.run(() -> Bf16Packing.pack(bench.stream(), size[0], size[1], size[2], xs, ps));
      return bench.worst(layout, Doubles.of(Bf16.rounded(x)), new double[x.length], ps);
    };
  }

  private static Trial.Body unpack(int[] size) {
    return bench -> {
      var layout = new PackedReference(size[0], size[1], size[2]);
      float[] x = Bf16.rounded(new Samples(61).uniform((long) size[0] * size[1] * size[2], 100));
      Tensor ps = bench.bf16(layout.pack(Bf16.of(x)));
      Tensor xs = bench.output(x.length);
      bench.run(() -> Bf16Packing.unpack(bench.stream(), size[0], size[1], size[2], ps, xs));
      return bench.exact(Doubles.of(x), xs);
    };
  }

  private static Trial.Body activationBackward(Activation activation, int pixels, int channels) {
    return bench -> {
      var layout = new PackedReference(1, channels, pixels);
      var samples = new Samples(62);
      float[] y = samples.uniform((long) pixels * channels, 3);
      for (int i = 0; i < y.length; i++) {
        y[i] = (float) ActivationReference.value(activation, SLOPE, y[i]);
      }
      y = Bf16.rounded(y);
      float[] gradY = Bf16.rounded(samples.uniform(y.length));
      double[] expected = new double[y.length];
      double[] errors = new double[y.length];
      double[] bias = new double[channels];
      double[] magnitude = new double[channels];
      for (int i = 0; i < y.length; i++) {
        expected[i] = gradY[i] * ActivationReference.derivativeFromOutput(activation, SLOPE, y[i]);
        errors[i] = Tolerance.function(expected[i]);
        bias[i / pixels] += expected[i];
        magnitude[i / pixels] += Math.abs(expected[i]);
      }
      Tensor ys = bench.bf16(layout.pack(Bf16.of(y)));
      Tensor gs = bench.bf16(layout.pack(Bf16.of(gradY)));
      Tensor zs = bench.bf16Output(layout.packedCount());
      Tensor bs = bench.output(channels);
      bench.run(
          () ->
              Bf16Activations.backward(
                  bench.stream(), activation, SLOPE, pixels, channels, ys, gs, zs, bs));
      // Each term has the error of a function, 8 roundings, on top of the sum's.
      double[] biasAllowed = Tolerance.sums(pixels + 8, magnitude);
      return Math.max(
          bench.worst(layout, expected, Tolerance.storedBf16(expected, errors), zs),
          bench.worst(bias, biasAllowed, bs));
    };
  }

  private static Trial.Body poolForward(PoolCase c, PoolMode mode) {
    return bench -> {
      Pool2dProblem problem = c.problem(mode, false);
      PoolingReference reference = c.reference();
      PackedReference out = output(c);
      float[] x = Bf16.rounded(new Samples(63).uniform(problem.inputCount()));
      double[] xs = Doubles.of(x);
      Tensor in = bench.bf16(input(c).pack(Bf16.of(x)));
      Tensor ys = bench.bf16Output(out.packedCount());
      if (mode == PoolMode.MEAN) {
        bench.run(() -> Bf16Pooling.forward(bench.stream(), problem, in, ys, null));
        double[] mean = reference.mean(xs, false);
        double[] errors =
            Tolerance.sums(c.windowTaps() + 1, reference.mean(Doubles.abs(xs), false));
        return bench.worst(out, mean, Tolerance.storedBf16(mean, errors), ys);
      }
      Tensor argmax = bench.bytes(new byte[out.packedCount()]);
      bench.run(() -> Bf16Pooling.forward(bench.stream(), problem, in, ys, argmax));
      int[] taps = out.unpack(argmax.toByteArray(bench.stream()));
      boolean right = Arrays.equals(reference.taps(reference.argmax(xs)), taps);
      double wrong = right ? 0 : Double.POSITIVE_INFINITY;
      double[] max = reference.max(xs);
      return Math.max(wrong, bench.worst(out, max, new double[max.length], ys));
    };
  }

  private static Trial.Body poolBackward(PoolCase c, PoolMode mode) {
    return bench -> {
      Pool2dProblem problem = c.problem(mode, false);
      PoolingReference reference = c.reference();
      var samples = new Samples(64);
      int[] argmax = reference.argmax(Doubles.of(samples.uniform(problem.inputCount())));
      float[] gradY = Bf16.rounded(samples.uniform(problem.outputCount()));
      double[] gs = Doubles.of(gradY);
      boolean max = mode == PoolMode.MAX;
      double[] expected = max ? reference.gradMax(gs, argmax) : reference.gradMean(gs, false);
      double[] magnitude =
          max
              ? reference.gradMax(Doubles.abs(gs), argmax)
              : reference.gradMean(Doubles.abs(gs), false);
      Tensor ys = bench.bf16(output(c).pack(Bf16.of(gradY)));
      Tensor taps = max ? bench.bytes(output(c).pack(reference.taps(argmax))) : null;
      Tensor xs = bench.bf16Output(input(c).packedCount());
      bench.run(() -> Bf16Pooling.backward(bench.stream(), problem, ys, taps, xs));
      double[] errors = Tolerance.sums(c.windowTaps() + 1, magnitude);
      return bench.worst(input(c), expected, Tolerance.storedBf16(expected, errors), xs);
    };
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

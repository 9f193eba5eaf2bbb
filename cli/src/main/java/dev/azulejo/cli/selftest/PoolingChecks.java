package dev.azulejo.cli.selftest;

import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Pool2dProblem;
import dev.azulejo.ops.PoolMode;
import dev.azulejo.ops.Pooling;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.PoolCase;
import dev.azulejo.reference.PoolingReference;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.List;
import java.util.function.Function;

/** pool2d_* in both modes. */
final class PoolingChecks {
  private PoolingChecks() {}

  static List<Check> all() {
    return List.of(
        check("pool2d_forward", "MAX", PoolingChecks::maxForward),
        check("pool2d_forward", "MEAN", PoolingChecks::meanForward),
        check("pool2d_backward", "MAX", PoolingChecks::maxBackward),
        check("pool2d_backward", "MEAN", PoolingChecks::meanBackward));
  }

  private static Check check(String operation, String mode, Function<PoolCase, Trial.Body> body) {
    List<Trial> trials =
        PoolCase.all().stream().map(c -> new Trial(c.name(), body.apply(c))).toList();
    return new Check(operation, mode, trials);
  }

  private static Trial.Body maxForward(PoolCase c) {
    return bench -> {
      Pool2dProblem problem = c.problem(PoolMode.MAX, false);
      float[] x = new Samples(31).uniform(problem.inputCount());
      Tensor xs = bench.floats(x);
      Tensor ys = bench.output(problem.outputCount());
      Tensor argmax = bench.intOutput(problem.outputCount());
      bench.run(() -> Pooling.forward(bench.stream(), problem, xs, ys, argmax));
      PoolingReference reference = c.reference();
      return Math.max(
          bench.exact(reference.max(Doubles.of(x)), ys),
          bench.equal(reference.argmax(Doubles.of(x)), argmax));
    };
  }

  private static Trial.Body meanForward(PoolCase c) {
    return bench -> {
      Pool2dProblem problem = c.problem(PoolMode.MEAN, false);
      float[] x = new Samples(32).uniform(problem.inputCount());
      double[] magnitude = c.reference().mean(Doubles.abs(Doubles.of(x)), false);
      Tensor xs = bench.floats(x);
      Tensor ys = bench.output(problem.outputCount());
      bench.run(() -> Pooling.forward(bench.stream(), problem, xs, ys, null));
      return bench.worst(
          c.reference().mean(Doubles.of(x), false),
          Tolerance.sums(c.windowTaps() + 1, magnitude),
          ys);
    };
  }

  private static Trial.Body maxBackward(PoolCase c) {
    return bench -> {
      Pool2dProblem problem = c.problem(PoolMode.MAX, false);
      var samples = new Samples(33);
      int[] argmax = c.reference().argmax(Doubles.of(samples.uniform(problem.inputCount())));
      float[] gradY = samples.uniform(problem.outputCount());
      double[] magnitude = c.reference().gradMax(Doubles.abs(Doubles.of(gradY)), argmax);
      Tensor gs = bench.floats(gradY);
      Tensor as = bench.ints(argmax);
      Tensor xs = bench.output(problem.inputCount());
      bench.run(() -> Pooling.backward(bench.stream(), problem, gs, as, xs));
      double[] expected = c.reference().gradMax(Doubles.of(gradY), argmax);
      return bench.worst(expected, Tolerance.sums(c.windowTaps(), magnitude), xs);
    };
  }

  private static Trial.Body meanBackward(PoolCase c) {
    return bench -> {
      Pool2dProblem problem = c.problem(PoolMode.MEAN, true);
      float[] gradY = new Samples(34).uniform(problem.outputCount());
      double[] magnitude = c.reference().gradMean(Doubles.abs(Doubles.of(gradY)), true);
      Tensor gs = bench.floats(gradY);
      Tensor xs = bench.output(problem.inputCount());
      bench.run(() -> Pooling.backward(bench.stream(), problem, gs, null, xs));
      return bench.worst(
          c.reference().gradMean(Doubles.of(gradY), true),
          Tolerance.sums(c.windowTaps() + 1, magnitude),
          xs);
    };
  }
}

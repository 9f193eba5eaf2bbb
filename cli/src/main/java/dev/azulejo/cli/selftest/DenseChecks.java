package dev.azulejo.cli.selftest;

import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Dense;
import dev.azulejo.ops.DenseProblem;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.DenseCase;
import dev.azulejo.reference.DenseReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.List;
import java.util.function.Function;

/** dense_*. */
final class DenseChecks {
  private DenseChecks() {}

  static List<Check> all() {
    return List.of(
        check("dense_forward", DenseChecks::forward),
        check("dense_grad_input", DenseChecks::gradInput),
        check("dense_grad_weights", DenseChecks::gradWeights),
        check("dense_grad_bias", DenseChecks::gradBias));
  }

  private static Check check(String operation, Function<DenseCase, Trial.Body> body) {
    List<Trial> trials =
        DenseCase.all().stream().map(c -> new Trial(c.name(), body.apply(c))).toList();
    return new Check(operation, "", trials);
  }

  private static Trial.Body forward(DenseCase c) {
    return bench -> {
      var samples = new Samples(35);
      float[] x = samples.uniform((long) c.batch() * c.inputs());
      float[] w = samples.uniform((long) c.outputs() * c.inputs());
      float[] bias = samples.uniform(c.outputs());
      double[] z = forward(c, Doubles.of(x), Doubles.of(w), Doubles.of(bias));
      double[] magnitude =
          forward(
              c,
              Doubles.abs(Doubles.of(x)),
              Doubles.abs(Doubles.of(w)),
              Doubles.abs(Doubles.of(bias)));
      double[] expected = ActivationReference.values(Activation.TANH, 0, z);
      double[] allowed = Tolerance.sums(c.inputs() + 1, magnitude);
      for (int i = 0; i < allowed.length; i++) {
        allowed[i] += Tolerance.function(expected[i]);
      }
      var problem = new DenseProblem(c.batch(), c.inputs(), c.outputs(), Activation.TANH, 0);
      Tensor xs = bench.floats(x);
      Tensor ws = bench.floats(w);
      Tensor bs = bench.floats(bias);
      Tensor ys = bench.output(expected.length);
      bench.run(() -> Dense.forward(bench.stream(), problem, xs, ws, bs, ys));
      return bench.worst(expected, allowed, ys);
    };
  }

  private static double[] forward(DenseCase c, double[] x, double[] w, double[] bias) {
    return DenseReference.forward(c.batch(), c.inputs(), c.outputs(), x, w, bias);
  }

  private static Trial.Body gradInput(DenseCase c) {
    return bench -> {
      var samples = new Samples(36);
      float[] gradZ = samples.uniform((long) c.batch() * c.outputs());
      float[] w = samples.uniform((long) c.outputs() * c.inputs());
      double[] magnitude = gradInput(c, Doubles.abs(Doubles.of(gradZ)), Doubles.abs(Doubles.of(w)));
      Tensor gs = bench.floats(gradZ);
      Tensor ws = bench.floats(w);
      Tensor xs = bench.output(magnitude.length);
      bench.run(() -> Dense.gradInput(bench.stream(), problem(c), gs, ws, xs));
      return bench.worst(
          gradInput(c, Doubles.of(gradZ), Doubles.of(w)),
          Tolerance.sums(c.outputs(), magnitude),
          xs);
    };
  }

  private static double[] gradInput(DenseCase c, double[] gradZ, double[] w) {
    return DenseReference.gradInput(c.batch(), c.inputs(), c.outputs(), gradZ, w);
  }

  private static Trial.Body gradWeights(DenseCase c) {
    return bench -> {
      var samples = new Samples(37);
      float[] x = samples.uniform((long) c.batch() * c.inputs());
      float[] gradZ = samples.uniform((long) c.batch() * c.outputs());
      double[] magnitude =
          gradWeights(c, Doubles.abs(Doubles.of(x)), Doubles.abs(Doubles.of(gradZ)));
      Tensor xs = bench.floats(x);
      Tensor gs = bench.floats(gradZ);
      Tensor ws = bench.output(magnitude.length);
      bench.run(() -> Dense.gradWeights(bench.stream(), problem(c), xs, gs, ws));
      return bench.worst(
          gradWeights(c, Doubles.of(x), Doubles.of(gradZ)),
          Tolerance.sums(c.batch(), magnitude),
          ws);
    };
  }

  private static double[] gradWeights(DenseCase c, double[] x, double[] gradZ) {
    return DenseReference.gradWeights(c.batch(), c.inputs(), c.outputs(), x, gradZ);
  }

  private static Trial.Body gradBias(DenseCase c) {
    return bench -> {
      float[] gradZ = new Samples(38).uniform((long) c.batch() * c.outputs());
      double[] gs = Doubles.of(gradZ);
      double[] magnitude = DenseReference.gradBias(c.batch(), c.outputs(), Doubles.abs(gs));
      Tensor gradZs = bench.floats(gradZ);
      Tensor bs = bench.output(c.outputs());
      bench.run(() -> Dense.gradBias(bench.stream(), problem(c), gradZs, bs));
      double[] expected = DenseReference.gradBias(c.batch(), c.outputs(), gs);
      return bench.worst(expected, Tolerance.sums(c.batch(), magnitude), bs);
    };
  }

  private static DenseProblem problem(DenseCase c) {
    return new DenseProblem(c.batch(), c.inputs(), c.outputs());
  }
}

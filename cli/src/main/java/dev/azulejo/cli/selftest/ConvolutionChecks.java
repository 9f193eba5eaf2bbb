package dev.azulejo.cli.selftest;

import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Convolution;
import dev.azulejo.reference.ConvCase;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** conv2d_* by every algorithm that the device has, im2col and col2im. */
final class ConvolutionChecks {
  private ConvolutionChecks() {}

  static List<Check> all(DeviceInfo device) {
    List<ConvolutionOperands> cases =
        ConvCase.all().stream().map(ConvolutionOperands::new).toList();
    List<Check> checks = new ArrayList<>();
    for (ConvPass pass : ConvPass.values()) {
      String operation = "conv2d_" + pass.name().toLowerCase(Locale.ROOT);
      for (ConvAlgorithm algorithm : ConvAlgorithm.values()) {
        if (algorithm.runsOn(device)) {
          List<ConvolutionOperands> fitting =
              cases.stream().filter(c -> algorithm.fits(c.problem.shape())).toList();
          checks.add(check(operation, algorithm.name(), fitting, c -> pass(c, pass, algorithm)));
        }
      }
    }
    checks.add(check("conv2d_grad_bias", "", cases, ConvolutionChecks::gradBias));
    checks.add(check("im2col", "", cases, ConvolutionChecks::im2col));
    checks.add(check("col2im", "", cases, ConvolutionChecks::col2im));
    return checks;
  }

  private static Check check(
      String operation,
      String algorithm,
      List<ConvolutionOperands> cases,
      Function<ConvolutionOperands, Trial.Body> body) {
    List<Trial> trials =
        cases.stream().map(c -> new Trial(c.problem.name(), body.apply(c))).toList();
    return new Check(operation, algorithm, trials);
  }

  private static Trial.Body pass(ConvolutionOperands c, ConvPass pass, ConvAlgorithm algorithm) {
    return bench -> {
      var problem =
          new Conv2dProblem(
              c.problem.shape(),
              c.problem.batch(),
              algorithm,
              0,
              ConvolutionOperands.ACTIVATION,
              ConvolutionOperands.SLOPE);
      ConvolutionOperands.Exact exact = c.exact(pass);
      Convolution.reserveWorkspace(bench.stream(), problem, pass);
      Tensor x = bench.floats(c.x);
      Tensor w = bench.floats(c.w);
      Tensor bias = bench.floats(c.bias);
      Tensor gradZ = bench.floats(c.gradZ);
      Tensor result = bench.output(exact.values().length);
      bench.run(
          () -> {
            switch (pass) {
              case FORWARD -> Convolution.forward(bench.stream(), problem, x, w, bias, result);
              case GRAD_INPUT -> Convolution.gradInput(bench.stream(), problem, gradZ, w, result);
              case GRAD_WEIGHTS ->
                  Convolution.gradWeights(bench.stream(), problem, x, gradZ, result);
            }
          });
      double[] allowed = exact.tolerance().of(Convolution.algorithm(bench.stream(), problem, pass));
      if (pass == ConvPass.FORWARD) {
        for (int i = 0; i < allowed.length; i++) {
          allowed[i] += Tolerance.function(exact.values()[i]);
        }
      }
      return bench.worst(exact.values(), allowed, result);
    };
  }

  private static Trial.Body gradBias(ConvolutionOperands c) {
    return bench -> {
      double[] gradZ = Doubles.of(c.gradZ);
      double[] magnitude = c.problem.reference().gradBias(Doubles.abs(gradZ));
      Tensor gs = bench.floats(c.gradZ);
      Tensor bs = bench.output(c.bias.length);
      bench.run(() -> Convolution.gradBias(bench.stream(), c.problem.problem(), gs, bs));
      return bench.worst(
          c.problem.reference().gradBias(gradZ),
          Tolerance.sums(c.problem.gradWeightsTerms(), magnitude),
          bs);
    };
  }

  private static Trial.Body im2col(ConvolutionOperands c) {
    return bench -> {
      Conv2dProblem problem = c.problem.problem();
      Tensor x = bench.floats(c.x);
      Tensor unrolled = bench.output(problem.unrolledCount());
      bench.run(() -> Convolution.im2col(bench.stream(), problem, x, unrolled));
      return bench.exact(c.problem.reference().im2col(Doubles.of(c.x)), unrolled);
    };
  }

  private static Trial.Body col2im(ConvolutionOperands c) {
    return bench -> {
      Conv2dProblem problem = c.problem.problem();
      float[] values = new Samples(30).uniform(problem.unrolledCount());
      double[] magnitude = c.problem.reference().col2im(Doubles.abs(Doubles.of(values)));
      double taps = (double) problem.shape().kernelHeight() * problem.shape().kernelWidth();
      Tensor unrolled = bench.floats(values);
      Tensor x = bench.output(c.x.length);
      bench.run(() -> Convolution.col2im(bench.stream(), problem, unrolled, x));
      double[] expected = c.problem.reference().col2im(Doubles.of(values));
      return bench.worst(expected, Tolerance.sums(taps, magnitude), x);
    };
  }
}

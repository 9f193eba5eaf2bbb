package dev.azulejo.cli.selftest;

import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.PooledConvolution;
import dev.azulejo.reference.ActivationReference;
import dev.azulejo.reference.ConvCase;
import dev.azulejo.reference.ConvPoolReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.ArrayList;
import java.util.List;

/** conv2d_pool_forward by every algorithm that the device has, and conv2d_pool_backward. */
final class PooledConvolutionChecks {
  private PooledConvolutionChecks() {}

  static List<Check> all(DeviceInfo device) {
    List<ConvolutionOperands> cases =
        ConvCase.pooled().stream().map(ConvolutionOperands::new).toList();
    List<Check> checks = new ArrayList<>();
    for (ConvAlgorithm algorithm : ConvAlgorithm.values()) {
      if (algorithm.runsOn(device)) {
        List<Trial> trials =
            cases.stream()
                .filter(c -> algorithm.fits(c.problem.shape()))
                .map(c -> new Trial(c.problem.name(), forward(c, algorithm)))
                .toList();
        checks.add(new Check("conv2d_pool_forward", algorithm.name(), trials));
      }
    }
    List<Trial> trials =
        cases.stream().map(c -> new Trial(c.problem.name(), backward(c.problem))).toList();
    checks.add(new Check("conv2d_pool_backward", "", trials));
    return checks;
  }

  private static Conv2dProblem problem(ConvCase c, ConvAlgorithm algorithm) {
    Activation activation = ConvolutionOperands.ACTIVATION;
    return new Conv2dProblem(
        c.shape(), c.batch(), algorithm, 0, activation, ConvolutionOperands.SLOPE);
  }

  private static Trial.Body forward(ConvolutionOperands c, ConvAlgorithm algorithm) {
    return bench -> {
      Conv2dProblem problem = problem(c.problem, algorithm);
      ConvolutionOperands.Exact exact = c.exact(ConvPass.FORWARD);
      bench.stream().workspace().reserve(PooledConvolution.workspaceBytes(bench.stream(), problem));
      Tensor x = bench.floats(c.x);
      Tensor w = bench.floats(c.w);
      Tensor bias = bench.floats(c.bias);
      Tensor y = bench.output(problem.pooledCount());
      Tensor argmax = bench.intOutput(problem.pooledCount());
      bench.run(() -> PooledConvolution.forward(bench.stream(), problem, x, w, bias, y, argmax));
      double[] allowed = exact.tolerance().of(PooledConvolution.algorithm(bench.stream(), problem));
      for (int i = 0; i < allowed.length; i++) {
        allowed[i] += Tolerance.function(exact.values()[i]);
      }
      var reference = new ConvPoolReference(c.problem);
      return Math.max(
          bench.worst(reference.max(exact.values()), reference.max(allowed), y),
          reference.shortfall(exact.values(), allowed, argmax.toIntArray(bench.stream())));
    };
  }

  private static Trial.Body backward(ConvCase c) {
    return bench -> {
      Activation activation = ConvolutionOperands.ACTIVATION;
      float slope = ConvolutionOperands.SLOPE;
      var reference = new ConvPoolReference(c);
      var samples = new Samples(35);
      int[] argmax = reference.places();
      float[] z = samples.uniform(argmax.length, 3);
      float[] gradY = samples.uniform(argmax.length);
      float[] y = new float[z.length];
      for (int i = 0; i < y.length; i++) {
        y[i] = (float) ActivationReference.value(activation, slope, z[i]);
      }
      Conv2dProblem problem = problem(c, ConvAlgorithm.DIRECT);
      Tensor ys = bench.floats(y);
      Tensor as = bench.ints(argmax);
      Tensor gs = bench.floats(gradY);
      Tensor zs = bench.output(problem.outputCount());
      Tensor bs = bench.output(problem.biasCount());
      bench.run(() -> PooledConvolution.backward(bench.stream(), problem, ys, as, gs, zs, bs));
      double[] expected = reference.gradZ(activation, slope, z, argmax, gradY);
      double[] allowed = reference.gradZTolerance(argmax, gradY);
      double[] bias = c.reference().gradBias(expected);
      double[] magnitude = c.reference().gradBias(Doubles.abs(expected));
      double[] biasAllowed = Tolerance.sums(c.gradWeightsTerms(), magnitude);
      double[] gradZAllowed = c.reference().gradBias(allowed);
      for (int i = 0; i < biasAllowed.length; i++) {
        biasAllowed[i] += gradZAllowed[i];
      }
      return Math.max(bench.worst(expected, allowed, zs), bench.worst(bias, biasAllowed, bs));
    };
  }
}

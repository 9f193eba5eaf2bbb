package dev.azulejo.cli.selftest;

import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Bf16;
import dev.azulejo.ops.Bf16Convolution;
import dev.azulejo.ops.Bf16Gemm;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.GemmAlgorithm;
import dev.azulejo.ops.GemmProblem;
import dev.azulejo.reference.Bf16ConvReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.GemmCase;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Tolerance;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** bf16_gemm and bf16_conv2d_*, on devices with Hopper's instructions. */
final class Bf16ProductChecks {
  private static final Activation ACTIVATION = Activation.LEAKY_RELU;

  private Bf16ProductChecks() {}

  static List<Check> all(DeviceInfo device) {
    List<Check> checks = new ArrayList<>();
    if (!ConvAlgorithm.HOPPER_BF16.runsOn(device)) {
      return checks;
    }
    List<Trial> products =
        GemmCase.all().stream()
            .map(GemmCase::inBf16)
            .map(c -> new Trial(c.name(), product(c)))
            .toList();
    checks.add(new Check("bf16_gemm", "", products));
    for (ConvPass pass : ConvPass.values()) {
      List<Trial> trials =
          Bf16ConvReference.cases().stream()
              .map(c -> new Trial(c.name(), convolution(new Bf16ConvReference(c), pass)))
              .toList();
      String operation = "bf16_conv2d_" + pass.name().toLowerCase(Locale.ROOT);
      checks.add(new Check(operation, "", trials));
    }
    return checks;
  }

  private static Trial.Body product(GemmCase c) {
    return bench -> {
      GemmProblem problem = c.problem(GemmAlgorithm.AUTO);
      var samples = new Samples(65);
      float[] a = Bf16.rounded(samples.uniform(problem.countA()));
      float[] b = Bf16.rounded(samples.uniform(problem.countB()));
      float[] old = Bf16.rounded(samples.uniform(problem.countC()));
      double[] as = Doubles.of(a);
      double[] bs = Doubles.of(b);
      double[] cs = Doubles.of(old);
      Tensor da = bench.bf16(Bf16.of(a));
      Tensor db = bench.bf16(Bf16.of(b));
      Tensor dc = bench.bf16(Bf16.of(old));
      bench.run(() -> Bf16Gemm.gemm(bench.stream(), problem, da, db, dc));
      double[] expected = c.reference(as, bs, cs);
      double[] errors = Tolerance.cutOffSums(c.terms(), c.magnitude(as, bs, cs));
      return bench.worst(expected, Tolerance.storedBf16(expected, errors), dc);
    };
  }

  private static Trial.Body convolution(Bf16ConvReference c, ConvPass pass) {
    return bench -> {
      Conv2dProblem problem = c.problem(ACTIVATION);
      Bf16ConvReference.Exact exact = c.pass(pass, ACTIVATION);
      bench.stream()
          .workspace()
          .reserve(Bf16Convolution.workspaceBytes(bench.stream(), problem, pass));
      Tensor x = bench.bf16(c.x());
      Tensor w = bench.bf16(c.w());
      Tensor bias = bench.floats(c.bias());
      Tensor gradZ = bench.bf16(c.gradZ());
      Tensor y = bench.bf16Output(Bf16Convolution.outputCount(problem));
      Tensor gradX = bench.bf16Output(Bf16Convolution.inputCount(problem));
      Tensor gradW = bench.output(problem.weightCount());
      bench.run(
          () -> {
            switch (pass) {
              case FORWARD -> Bf16Convolution.forward(bench.stream(), problem, x, w, bias, y);
              case GRAD_INPUT ->
                  Bf16Convolution.gradInput(bench.stream(), problem, gradZ, w, gradX);
              case GRAD_WEIGHTS ->
                  Bf16Convolution.gradWeights(bench.stream(), problem, x, gradZ, gradW);
            }
          });
      return switch (pass) {
        case FORWARD -> bench.worst(c.output(), exact.values(), exact.allowed(), y);
        case GRAD_INPUT -> bench.worst(c.input(), exact.values(), exact.allowed(), gradX);
        case GRAD_WEIGHTS -> bench.worst(exact.values(), exact.allowed(), gradW);
      };
    };
  }
}

package dev.azulejo.cli.selftest;

import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Bf16Convolution;
import dev.azulejo.ops.Bf16PooledConvolution;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.reference.Bf16ConvPoolReference;
import dev.azulejo.reference.Bf16ConvReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * bf16_conv2d_pool_forward, on devices with Hopper's instructions, and bf16_conv2d_pool_backward.
 */
final class Bf16PooledConvolutionChecks {
  private static final Activation ACTIVATION = Activation.TANH;

  private Bf16PooledConvolutionChecks() {}

  static List<Check> all(DeviceInfo device) {
    List<Check> checks = new ArrayList<>();
    if (ConvAlgorithm.HOPPER_BF16.runsOn(device)) {
      checks.add(check("bf16_conv2d_pool_forward", Bf16PooledConvolutionChecks::forward));
    }
    if (device.kind() != DeviceKind.CPU) {
      checks.add(check("bf16_conv2d_pool_backward", Bf16PooledConvolutionChecks::backward));
    }
    return checks;
  }

  private static Check check(String operation, Function<Bf16ConvPoolReference, Trial.Body> body) {
    List<Trial> trials =
        Bf16ConvPoolReference.cases().stream()
            .map(c -> new Trial(c.name(), body.apply(new Bf16ConvPoolReference(c))))
            .toList();
    return new Check(operation, "", trials);
  }

  private static Trial.Body forward(Bf16ConvPoolReference c) {
    return bench -> {
      Bf16ConvReference operands = c.convolution();
      Conv2dProblem problem = operands.problem(ACTIVATION);
      bench.stream()
          .workspace()
          .reserve(Bf16PooledConvolution.workspaceBytes(bench.stream(), problem));
      Tensor x = bench.bf16(operands.x());
      Tensor w = bench.bf16(operands.w());
      Tensor bias = bench.floats(operands.bias());
      Tensor y = bench.bf16Output(Bf16PooledConvolution.pooledCount(problem));
      Tensor argmax = bench.bytes(new byte[c.pooled().packedCount()]);
      bench.run(
          () -> Bf16PooledConvolution.forward(bench.stream(), problem, x, w, bias, y, argmax));
      Bf16ConvReference.Exact exact = c.forward(ACTIVATION, true);
      return Math.max(
          bench.worst(c.pooled(), exact.values(), exact.allowed(), y),
          c.shortfall(ACTIVATION, true, argmax.toByteArray(bench.stream())));
    };
  }

  private static Trial.Body backward(Bf16ConvPoolReference c) {
    return bench -> {
      Conv2dProblem problem = c.convolution().problem(ACTIVATION);
      Tensor y = bench.bf16(c.y(ACTIVATION));
      Tensor argmax = bench.bytes(c.argmax());
      Tensor gradY = bench.bf16(c.gradY());
      Tensor gradZ = bench.bf16Output(Bf16Convolution.outputCount(problem));
      Tensor gradBias = bench.output(problem.biasCount());
      bench.run(
          () ->
              Bf16PooledConvolution.backward(
                  bench.stream(), problem, y, argmax, gradY, gradZ, gradBias));
      Bf16ConvReference.Exact exact = c.gradZ(ACTIVATION);
      Bf16ConvReference.Exact bias = c.gradBias(ACTIVATION);
      return Math.max(
          bench.worst(c.convolution().output(), exact.values(), exact.allowed(), gradZ),
          bench.worst(bias.values(), bias.allowed(), gradBias));
    };
  }
}

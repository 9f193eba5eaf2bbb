package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.azulejo.device.Tensor;
import dev.azulejo.reference.Bf16ConvReference;
import dev.azulejo.reference.ConvCase;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Convolutions of images in BF16 against the float64 reference, over every line of the problem
 * lists that they do; each twice, with the same bits. Rows N7, N9, T9, T10, T14.
 */
class Bf16ConvolutionConformanceTest extends Bf16DeviceTest {
  static List<ConvCase> cases() {
    return Bf16ConvReference.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void forward(ConvCase c) {
    var reference = new Bf16ConvReference(c);
    for (Activation activation : Activation.values()) {
      for (boolean withBias : new boolean[] {true, false}) {
        Conv2dProblem problem = reference.problem(activation);
        try (GuardedBf16 x = GuardedBf16.of(stream, "x", reference.x());
            GuardedBf16 w = GuardedBf16.of(stream, "w", reference.w());
            Guarded bias = Guarded.of(stream, "bias", reference.bias());
            GuardedBf16 y = output("y", Bf16Convolution.outputCount(problem));
            GuardedBf16 again = output("y", Bf16Convolution.outputCount(problem))) {
          Tensor biases = withBias ? bias.floats() : null;
          if (!runsOnHopper(() -> reserve(problem, ConvPass.FORWARD))) {
            return;
          }
          Bf16Convolution.forward(stream, problem, x.tensor(), w.tensor(), biases, y.tensor());
          Bf16ConvReference.Exact exact = reference.forward(activation, withBias);
          String what = "y with " + activation + (withBias ? " and bias" : "");
          check(what, reference.output(), exact.values(), exact.allowed(), y.written());
          Bf16Convolution.forward(stream, problem, x.tensor(), w.tensor(), biases, again.tensor());
          same(what, y, again);
          x.assertUnchanged();
          w.assertUnchanged();
          bias.assertUnchanged();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradInput(ConvCase c) {
    var reference = new Bf16ConvReference(c);
    // The activation must not matter to a gradient that begins before it.
    Conv2dProblem problem = reference.problem(Activation.RELU);
    try (GuardedBf16 gradZ = GuardedBf16.of(stream, "gradZ", reference.gradZ());
        GuardedBf16 w = GuardedBf16.of(stream, "w", reference.w());
        GuardedBf16 gradX = output("gradX", Bf16Convolution.inputCount(problem));
        GuardedBf16 again = output("gradX", Bf16Convolution.inputCount(problem))) {
      if (!runsOnHopper(() -> reserve(problem, ConvPass.GRAD_INPUT))) {
        return;
      }
      Bf16Convolution.gradInput(stream, problem, gradZ.tensor(), w.tensor(), gradX.tensor());
      Bf16ConvReference.Exact exact = reference.gradInput();
      check("gradX", reference.input(), exact.values(), exact.allowed(), gradX.written());
      Bf16Convolution.gradInput(stream, problem, gradZ.tensor(), w.tensor(), again.tensor());
      same("gradX", gradX, again);
      gradZ.assertUnchanged();
      w.assertUnchanged();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradWeights(ConvCase c) {
    var reference = new Bf16ConvReference(c);
    Conv2dProblem problem = reference.problem(Activation.TANH);
    try (GuardedBf16 x = GuardedBf16.of(stream, "x", reference.x());
        GuardedBf16 gradZ = GuardedBf16.of(stream, "gradZ", reference.gradZ());
        Guarded gradW = Guarded.output(stream, "gradW", problem.weightCount());
        Guarded again = Guarded.output(stream, "gradW", problem.weightCount())) {
      if (!runsOnHopper(() -> reserve(problem, ConvPass.GRAD_WEIGHTS))) {
        return;
      }
      Bf16Convolution.gradWeights(stream, problem, x.tensor(), gradZ.tensor(), gradW.floats());
      Bf16ConvReference.Exact exact = reference.gradWeights();
      Agreement.check("gradW", exact.values(), exact.allowed(), gradW.written());
      Bf16Convolution.gradWeights(stream, problem, x.tensor(), gradZ.tensor(), again.floats());
      assertArrayEquals(gradW.writtenInts(), again.writtenInts(), "bits of a second run");
      x.assertUnchanged();
      gradZ.assertUnchanged();
    }
  }

  /** Exactly what the query asks for, not what a case before left. */
  private void reserve(Conv2dProblem problem, ConvPass pass) {
    stream.workspace().trim();
    stream.workspace().reserve(Bf16Convolution.workspaceBytes(stream, problem, pass));
  }

  private GuardedBf16 output(String name, long count) {
    return GuardedBf16.output(stream, name, count);
  }
}

package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Dense layers, forward and backward, as GEMM over the mini-batch: rows T2, T8, T17. */
public final class Dense {
  private Dense() {}

  /**
   * y[n][o] = σ(bias[o] + sum_i x[n][i] w[o][i]), T§4.3.
   *
   * @param x [batch][inputs]
   * @param w [outputs][inputs]
   * @param bias [outputs], or null for none
   * @param y [batch][outputs], overwritten
   */
  public static void forward(
      Stream stream, DenseProblem problem, Tensor x, Tensor w, Tensor bias, Tensor y) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long outputs = problem.outputCount();
    MemorySegment xs = Args.floats(stream, x, problem.inputCount(), "x");
    MemorySegment ws = Args.floats(stream, w, problem.weightCount(), "w");
    MemorySegment bs = Args.floatsOrNull(stream, bias, problem.outputs(), "bias");
    MemorySegment ys = Args.floats(stream, y, outputs, "y");
    Args.apart(y, outputs, "y", x, problem.inputCount(), "x");
    Args.apart(y, outputs, "y", w, problem.weightCount(), "w");
    Args.apart(y, outputs, "y", bias, problem.outputs(), "bias");
    NativeCall.check(
        azulejo_h.azj_dense_forward(queue, problem.descriptor(), xs, ws, bs, ys),
        "azj_dense_forward");
  }

  /**
   * gradX[n][i] = sum_o gradZ[n][o] w[o][i] (T(3.48) and T(3.83) drop the weight; the mathematics
   * has it).
   *
   * @param gradZ [batch][outputs], the gradient before the activation
   * @param gradX [batch][inputs], overwritten
   */
  public static void gradInput(
      Stream stream, DenseProblem problem, Tensor gradZ, Tensor w, Tensor gradX) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = problem.inputCount();
    MemorySegment gs = Args.floats(stream, gradZ, problem.outputCount(), "gradZ");
    MemorySegment ws = Args.floats(stream, w, problem.weightCount(), "w");
    MemorySegment xs = Args.floats(stream, gradX, inputs, "gradX");
    Args.apart(gradX, inputs, "gradX", gradZ, problem.outputCount(), "gradZ");
    Args.apart(gradX, inputs, "gradX", w, problem.weightCount(), "w");
    NativeCall.check(
        azulejo_h.azj_dense_grad_input(queue, problem.descriptor(), gs, ws, xs),
        "azj_dense_grad_input");
  }

  /**
   * gradW[o][i] = sum_n gradZ[n][o] x[n][i].
   *
   * @param gradW [outputs][inputs], overwritten
   */
  public static void gradWeights(
      Stream stream, DenseProblem problem, Tensor x, Tensor gradZ, Tensor gradW) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long weights = problem.weightCount();
    MemorySegment xs = Args.floats(stream, x, problem.inputCount(), "x");
    MemorySegment gs = Args.floats(stream, gradZ, problem.outputCount(), "gradZ");
    MemorySegment ws = Args.floats(stream, gradW, weights, "gradW");
    Args.apart(gradW, weights, "gradW", x, problem.inputCount(), "x");
    Args.apart(gradW, weights, "gradW", gradZ, problem.outputCount(), "gradZ");
    NativeCall.check(
        azulejo_h.azj_dense_grad_weights(queue, problem.descriptor(), xs, gs, ws),
        "azj_dense_grad_weights");
  }

  /**
   * gradBias[o] = sum_n gradZ[n][o].
   *
   * @param gradBias [outputs], overwritten
   */
  public static void gradBias(Stream stream, DenseProblem problem, Tensor gradZ, Tensor gradBias) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    MemorySegment gs = Args.floats(stream, gradZ, problem.outputCount(), "gradZ");
    MemorySegment bs = Args.floats(stream, gradBias, problem.outputs(), "gradBias");
    Args.apart(gradBias, problem.outputs(), "gradBias", gradZ, problem.outputCount(), "gradZ");
    NativeCall.check(
        azulejo_h.azj_dense_grad_bias(queue, problem.descriptor(), gs, bs), "azj_dense_grad_bias");
  }
}

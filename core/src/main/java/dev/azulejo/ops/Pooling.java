package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Max and mean pooling, forward and backward: rows N8, T11. */
public final class Pooling {
  private Pooling() {}

  /**
   * y[n][c][p][q] = maximum or mean of the window of x at (p, q), taps on the padding left out,
   * N(22)-N(24), T(2.9)-T(2.16).
   *
   * @param x [batch][channels][height][width]
   * @param y [batch][channels][outputHeight][outputWidth], overwritten
   * @param argmax integers, of y's shape: row * width + column of the maximum, the first one, a NaN
   *     counting as the maximum; needed where the backward pass of MAX follows, otherwise may be
   *     null; not written by MEAN
   */
  public static void forward(
      Stream stream, Pool2dProblem problem, Tensor x, Tensor y, Tensor argmax) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = problem.inputCount();
    long outputs = problem.outputCount();
    MemorySegment xs = Args.floats(stream, x, inputs, "x");
    MemorySegment ys = Args.floats(stream, y, outputs, "y");
    MemorySegment as = Args.intsOrNull(stream, argmax, outputs, "argmax");
    Args.apart(y, outputs, "y", x, inputs, "x");
    Args.apart(y, outputs, "y", argmax, outputs, "argmax");
    Args.apart(x, inputs, "x", argmax, outputs, "argmax");
    NativeCall.check(
        azulejo_h.azj_pool2d_forward(queue, problem.descriptor(), xs, ys, as),
        "azj_pool2d_forward");
  }

  /**
   * The gradient to the input: MAX gives gradY to the maximum only (row T11), MEAN spreads it over
   * the window.
   *
   * @param gradY [batch][channels][outputHeight][outputWidth]
   * @param argmax that of the forward pass; null for MEAN
   * @param gradX [batch][channels][height][width], overwritten
   */
  public static void backward(
      Stream stream, Pool2dProblem problem, Tensor gradY, Tensor argmax, Tensor gradX) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = problem.inputCount();
    long outputs = problem.outputCount();
    if (problem.mode() == PoolMode.MAX) {
      Objects.requireNonNull(argmax, "argmax");
    }
    MemorySegment gs = Args.floats(stream, gradY, outputs, "gradY");
    MemorySegment as = Args.intsOrNull(stream, argmax, outputs, "argmax");
    MemorySegment xs = Args.floats(stream, gradX, inputs, "gradX");
    Args.apart(gradX, inputs, "gradX", gradY, outputs, "gradY");
    Args.apart(gradX, inputs, "gradX", argmax, outputs, "argmax");
    NativeCall.check(
        azulejo_h.azj_pool2d_backward(queue, problem.descriptor(), gs, as, xs),
        "azj_pool2d_backward");
  }
}

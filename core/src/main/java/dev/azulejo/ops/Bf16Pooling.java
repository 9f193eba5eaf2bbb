package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * {@link Pooling} of images in BF16 with channels last: x[batch][height][width][pitch], and
 * likewise y and their gradients; the pitch is that of {@link Bf16Packing}. Rows N8, T11.
 */
public final class Bf16Pooling {
  private Bf16Pooling() {}

  /** Elements of x, those up to the pitch among them. */
  public static long inputCount(Pool2dProblem problem) {
    Pool2dShape shape = problem.shape();
    return Bf16Packing.count(problem.batch(), shape.channels(), shape.height() * shape.width());
  }

  /** Elements of y and of argmax, likewise. */
  public static long outputCount(Pool2dProblem problem) {
    long channels = problem.shape().channels();
    return Bf16Packing.count(1, channels, problem.outputCount() / channels);
  }

  /**
   * The maximum or the mean of each window, as {@link Pooling#forward}; means are summed in
   * float32.
   *
   * @param x {@link #inputCount} elements
   * @param y {@link #outputCount} elements, overwritten
   * @param argmax bytes, of y's shape: row * windowWidth + column of the maximum in its window, at
   *     most 256 taps; needed where the backward pass of MAX follows, otherwise may be null; not
   *     written by MEAN
   */
  public static void forward(
      Stream stream, Pool2dProblem problem, Tensor x, Tensor y, Tensor argmax) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = inputCount(problem);
    long outputs = outputCount(problem);
    MemorySegment xs = Args.bf16(stream, x, inputs, "x");
    MemorySegment ys = Args.bf16(stream, y, outputs, "y");
    MemorySegment as = Args.pixelsOrNull(stream, argmax, outputs, "argmax");
    Args.apart(y, outputs, "y", x, inputs, "x");
    Args.apart(y, outputs, "y", argmax, outputs, "argmax");
    Args.apart(x, inputs, "x", argmax, outputs, "argmax");
    NativeCall.check(
        azulejo_h.azj_bf16_pool2d_forward(queue, problem.descriptor(), xs, ys, as),
        "azj_bf16_pool2d_forward");
  }

  /**
   * The gradient to the input, as {@link Pooling#backward}; where windows overlap it is summed in
   * float32.
   *
   * @param gradY {@link #outputCount} elements
   * @param argmax that of the forward pass; null for MEAN
   * @param gradX {@link #inputCount} elements, overwritten
   */
  public static void backward(
      Stream stream, Pool2dProblem problem, Tensor gradY, Tensor argmax, Tensor gradX) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = inputCount(problem);
    long outputs = outputCount(problem);
    if (problem.mode() == PoolMode.MAX) {
      Objects.requireNonNull(argmax, "argmax");
    }
    MemorySegment gs = Args.bf16(stream, gradY, outputs, "gradY");
    MemorySegment as = Args.pixelsOrNull(stream, argmax, outputs, "argmax");
    MemorySegment xs = Args.bf16(stream, gradX, inputs, "gradX");
    Args.apart(gradX, inputs, "gradX", gradY, outputs, "gradY");
    Args.apart(gradX, inputs, "gradX", argmax, outputs, "argmax");
    NativeCall.check(
        azulejo_h.azj_bf16_pool2d_backward(queue, problem.descriptor(), gs, as, xs),
        "azj_bf16_pool2d_backward");
  }
}

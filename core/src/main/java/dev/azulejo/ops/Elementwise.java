package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Filling, scaling, adding and summing; each works on the first count elements, count at least 1.
 */
public final class Elementwise {
  private Elementwise() {}

  /** x[i] = value. */
  public static void fill(Stream stream, long count, float value, Tensor x) {
    MemorySegment queue = Args.stream(stream);
    MemorySegment xs = Args.floats(stream, x, Sizes.atLeast(1, count, "count"), "x");
    NativeCall.check(azulejo_h.azj_fill(queue, count, value, xs), "azj_fill");
  }

  /** x[i] = alpha * x[i]. */
  public static void scale(Stream stream, long count, float alpha, Tensor x) {
    MemorySegment queue = Args.stream(stream);
    MemorySegment xs = Args.floats(stream, x, Sizes.atLeast(1, count, "count"), "x");
    NativeCall.check(azulejo_h.azj_scale(queue, count, alpha, xs), "azj_scale");
  }

  /** y[i] = y[i] + alpha * x[i]; sums the workers' gradients of row T13. */
  public static void axpy(Stream stream, long count, float alpha, Tensor x, Tensor y) {
    MemorySegment queue = Args.stream(stream);
    MemorySegment xs = Args.floats(stream, x, Sizes.atLeast(1, count, "count"), "x");
    MemorySegment ys = Args.floats(stream, y, count, "y");
    Args.apart(y, count, "y", x, count, "x");
    NativeCall.check(azulejo_h.azj_axpy(queue, count, alpha, xs, ys), "azj_axpy");
  }

  /**
   * result[0] = alpha * sum of x[i] + beta * result[0].
   *
   * @param result one element; not read where beta is 0
   */
  public static void sum(
      Stream stream, long count, float alpha, Tensor x, float beta, Tensor result) {
    MemorySegment queue = Args.stream(stream);
    MemorySegment xs = Args.floats(stream, x, Sizes.atLeast(1, count, "count"), "x");
    MemorySegment rs = Args.floats(stream, result, 1, "result");
    Args.apart(result, 1, "result", x, count, "x");
    NativeCall.check(azulejo_h.azj_sum(queue, count, alpha, xs, beta, rs), "azj_sum");
  }
}

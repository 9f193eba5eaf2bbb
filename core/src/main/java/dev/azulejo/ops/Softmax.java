package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Softmax over rows (T§2.5, row T2); training uses {@link Losses#softmaxCrossEntropy}, which has it
 * inside.
 */
public final class Softmax {
  private Softmax() {}

  /** y[r][c] = exp(x[r][c]) / sum_j exp(x[r][j]), stable for large x. In place allowed. */
  public static void forward(Stream stream, long rows, long classes, Tensor x, Tensor y) {
    MemorySegment queue = Args.stream(stream);
    long count = Args.matrix(rows, "rows", classes, "classes");
    MemorySegment xs = Args.floats(stream, x, count, "x");
    MemorySegment ys = Args.floats(stream, y, count, "y");
    Args.inPlaceOrApart(y, "y", x, "x", count);
    NativeCall.check(
        azulejo_h.azj_softmax_forward(queue, rows, classes, xs, ys), "azj_softmax_forward");
  }

  /**
   * gradX[r][c] = y[r][c] * (gradY[r][c] - sum_j gradY[r][j] y[r][j]). In place allowed (gradX and
   * gradY the same).
   *
   * @param y what {@link #forward} gave
   */
  public static void backward(
      Stream stream, long rows, long classes, Tensor y, Tensor gradY, Tensor gradX) {
    MemorySegment queue = Args.stream(stream);
    long count = Args.matrix(rows, "rows", classes, "classes");
    MemorySegment ys = Args.floats(stream, y, count, "y");
    MemorySegment gs = Args.floats(stream, gradY, count, "gradY");
    MemorySegment xs = Args.floats(stream, gradX, count, "gradX");
    Args.inPlaceOrApart(gradX, "gradX", gradY, "gradY", count);
    Args.apart(gradX, count, "gradX", y, count, "y");
    NativeCall.check(
        azulejo_h.azj_softmax_backward(queue, rows, classes, ys, gs, xs), "azj_softmax_backward");
  }
}

package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Losses with their gradients in one pass, and the prediction. losses[r] is the loss of row r; grad
 * is gradScale * d losses[r] / d x, so gradScale = 1 / rows gives the gradient of the mean. grad
 * may be null, or x itself.
 */
public final class Losses {
  private Losses() {}

  /**
   * losses[r] = log(sum_j exp(x[r][j])) - x[r][labels[r]] (row T4, T(2.3), natural logarithm); grad
   * = softmax(x) - onehot (row T7, T(3.26)). Stable for large x. A label outside 0..classes-1 makes
   * the row's loss and gradient NaN.
   *
   * @param x logits [rows][classes]
   * @param labels integers [rows]
   * @param losses [rows], overwritten
   * @param grad [rows][classes], overwritten; null for none
   */
  public static void softmaxCrossEntropy(
      Stream stream,
      long rows,
      long classes,
      Tensor x,
      Tensor labels,
      float gradScale,
      Tensor losses,
      Tensor grad) {
    MemorySegment queue = Args.stream(stream);
    long count = Args.matrix(rows, "rows", classes, "classes");
    MemorySegment xs = Args.floats(stream, x, count, "x");
    MemorySegment ls = Args.ints(stream, labels, rows, "labels");
    MemorySegment es = Args.floats(stream, losses, rows, "losses");
    MemorySegment gs = Args.floatsOrNull(stream, grad, count, "grad");
    checkOutputs(x, count, labels, rows, losses, rows, grad, "labels");
    NativeCall.check(
        azulejo_h.azj_softmax_cross_entropy(queue, rows, classes, xs, ls, gradScale, es, gs),
        "azj_softmax_cross_entropy");
  }

  /**
   * losses[r] = sum_c max(x, 0) - x t + log(1 + exp(-|x|)), the binary cross-entropy of sigmoid(x)
   * and targets t (row T4, T(2.4)); grad = sigmoid(x) - t.
   *
   * @param x logits [rows][classes]
   * @param targets [rows][classes], in 0..1
   * @param losses [rows], overwritten
   * @param grad [rows][classes], overwritten; null for none
   */
  public static void sigmoidCrossEntropy(
      Stream stream,
      long rows,
      long classes,
      Tensor x,
      Tensor targets,
      float gradScale,
      Tensor losses,
      Tensor grad) {
    MemorySegment queue = Args.stream(stream);
    long count = Args.matrix(rows, "rows", classes, "classes");
    MemorySegment xs = Args.floats(stream, x, count, "x");
    MemorySegment ts = Args.floats(stream, targets, count, "targets");
    MemorySegment es = Args.floats(stream, losses, rows, "losses");
    MemorySegment gs = Args.floatsOrNull(stream, grad, count, "grad");
    checkOutputs(x, count, targets, count, losses, rows, grad, "targets");
    NativeCall.check(
        azulejo_h.azj_sigmoid_cross_entropy(queue, rows, classes, xs, ts, gradScale, es, gs),
        "azj_sigmoid_cross_entropy");
  }

  /**
   * losses[r] = 1 / columns * sum_c (x - t)^2; grad = 2 / columns * (x - t).
   *
   * @param x [rows][columns]
   * @param targets [rows][columns]
   * @param losses [rows], overwritten
   * @param grad [rows][columns], overwritten; null for none
   */
  public static void meanSquaredError(
      Stream stream,
      long rows,
      long columns,
      Tensor x,
      Tensor targets,
      float gradScale,
      Tensor losses,
      Tensor grad) {
    MemorySegment queue = Args.stream(stream);
    long count = Args.matrix(rows, "rows", columns, "columns");
    MemorySegment xs = Args.floats(stream, x, count, "x");
    MemorySegment ts = Args.floats(stream, targets, count, "targets");
    MemorySegment es = Args.floats(stream, losses, rows, "losses");
    MemorySegment gs = Args.floatsOrNull(stream, grad, count, "grad");
    checkOutputs(x, count, targets, count, losses, rows, grad, "targets");
    NativeCall.check(
        azulejo_h.azj_mean_squared_error(queue, rows, columns, xs, ts, gradScale, es, gs),
        "azj_mean_squared_error");
  }

  /**
   * predictions[r] = the first column with the row's largest value, a NaN counting as largest;
   * hits[r] = 1 where that equals labels[r], else 0 (row T1).
   *
   * @param x [rows][classes]
   * @param labels integers [rows]; may be null where hits is
   * @param predictions integers [rows], overwritten
   * @param hits [rows], overwritten; null for none
   */
  public static void argmax(
      Stream stream,
      long rows,
      long classes,
      Tensor x,
      Tensor labels,
      Tensor predictions,
      Tensor hits) {
    MemorySegment queue = Args.stream(stream);
    long count = Args.matrix(rows, "rows", classes, "classes");
    MemorySegment xs = Args.floats(stream, x, count, "x");
    MemorySegment ls =
        hits == null
            ? Args.intsOrNull(stream, labels, rows, "labels")
            : Args.ints(stream, labels, rows, "labels");
    MemorySegment ps = Args.ints(stream, predictions, rows, "predictions");
    MemorySegment hs = Args.floatsOrNull(stream, hits, rows, "hits");
    Args.apart(predictions, rows, "predictions", x, count, "x");
    Args.apart(predictions, rows, "predictions", labels, rows, "labels");
    Args.apart(predictions, rows, "predictions", hits, rows, "hits");
    if (hits != null) {
      Args.apart(hits, rows, "hits", x, count, "x");
      Args.apart(hits, rows, "hits", labels, rows, "labels");
    }
    NativeCall.check(azulejo_h.azj_argmax(queue, rows, classes, xs, ls, ps, hs), "azj_argmax");
  }

  private static void checkOutputs(
      Tensor x,
      long count,
      Tensor target,
      long targetCount,
      Tensor losses,
      long rows,
      Tensor grad,
      String targetName) {
    Args.apart(losses, rows, "losses", x, count, "x");
    Args.apart(losses, rows, "losses", target, targetCount, targetName);
    if (grad != null) {
      Args.inPlaceOrApart(grad, "grad", x, "x", count);
      Args.apart(grad, count, "grad", target, targetCount, targetName);
      Args.apart(grad, count, "grad", losses, rows, "losses");
    }
  }
}

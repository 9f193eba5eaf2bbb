package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Mini-batches from a data set that stays on the device as bytes (rows T1, T5). */
public final class Gather {
  private Gather() {}

  /**
   * x[i][c][row][column] = (pixels[index][c][row - down][column' - right] / 255 - mean[c]) *
   * scale[c], y[i] = labels[index], column' = mirrored ? width - 1 - column : column, for the next
   * items (index, down, right, mirrored) of the list, which is moved on: the same call, replayed by
   * a graph, gathers the next mini-batch. An item beyond the list, or a sample beyond the data set,
   * gives NaN and the label -1.
   *
   * @param pixels bytes [samples][channels][height][width]
   * @param labels integers [samples]; null for none
   * @param mean [channels]; null for no normalisation
   * @param scale [channels], 1 / standard deviation; null where mean is
   * @param x [batch][channels][height][width], overwritten
   * @param y integers [batch], overwritten; null where labels is
   */
  public static void gather(
      Stream stream,
      GatherProblem problem,
      Tensor pixels,
      Tensor labels,
      GatherList list,
      Tensor mean,
      Tensor scale,
      Tensor x,
      Tensor y) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    Objects.requireNonNull(list, "list");
    bothOrNeither(mean, "mean", scale, "scale");
    bothOrNeither(labels, "labels", y, "y");
    MemorySegment ps = Args.pixels(stream, pixels, problem.pixelCount(), "pixels");
    MemorySegment ls = Args.intsOrNull(stream, labels, problem.samples(), "labels");
    MemorySegment ms = Args.floatsOrNull(stream, mean, problem.channels(), "mean");
    MemorySegment ss = Args.floatsOrNull(stream, scale, problem.channels(), "scale");
    MemorySegment xs = Args.floats(stream, x, problem.count(), "x");
    MemorySegment ys = Args.intsOrNull(stream, y, problem.batch(), "y");
    Args.apart(x, problem.count(), "x", pixels, problem.pixelCount(), "pixels");
    Args.apart(x, problem.count(), "x", labels, problem.samples(), "labels");
    Args.apart(x, problem.count(), "x", mean, problem.channels(), "mean");
    Args.apart(x, problem.count(), "x", scale, problem.channels(), "scale");
    Args.apart(x, problem.count(), "x", y, problem.batch(), "y");
    if (y != null) {
      Args.apart(y, problem.batch(), "y", labels, problem.samples(), "labels");
    }
    NativeCall.check(
        azulejo_h.azj_gather(
            queue,
            problem.descriptor(list.count()),
            ps,
            ls,
            list.items(stream),
            list.next(stream),
            ms,
            ss,
            xs,
            ys),
        "azj_gather");
  }

  private static void bothOrNeither(Tensor a, String nameA, Tensor b, String nameB) {
    if ((a == null) != (b == null)) {
      throw new IllegalArgumentException(
          (a == null ? nameA : nameB)
              + " is null and "
              + (a == null ? nameB : nameA)
              + " is not; give both or neither");
    }
  }
}

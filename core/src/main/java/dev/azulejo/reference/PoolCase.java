package dev.azulejo.reference;

import dev.azulejo.ops.Pool2dProblem;
import dev.azulejo.ops.Pool2dShape;
import dev.azulejo.ops.PoolMode;
import java.util.List;

/**
 * A line of pool-small.csv.
 *
 * @param name the line's name
 * @param batch samples
 * @param shape all other sizes
 */
public record PoolCase(String name, int batch, Pool2dShape shape) {
  /** All of them. */
  public static List<PoolCase> all() {
    return Shapes.read("pool-small.csv").stream()
        .map(
            line ->
                new PoolCase(
                    line.toString(),
                    line.get("batch"),
                    new Pool2dShape(
                        line.get("channels"),
                        line.get("height"),
                        line.get("width"),
                        line.get("window_h"),
                        line.get("window_w"),
                        line.get("stride_h"),
                        line.get("stride_w"),
                        line.get("pad_h"),
                        line.get("pad_w"))))
        .toList();
  }

  /** Those whose taps a byte can number, which max pooling in BF16 needs. */
  public static List<PoolCase> inBf16() {
    return all().stream().filter(c -> c.windowTaps() <= 256).toList();
  }

  /** The problem in a mode. */
  public Pool2dProblem problem(PoolMode mode, boolean countPadding) {
    return new Pool2dProblem(shape, batch, mode, countPadding);
  }

  /** The same in float64. */
  public PoolingReference reference() {
    return new PoolingReference(shape, batch);
  }

  /** Elements of a window. */
  public double windowTaps() {
    return (double) shape.windowHeight() * shape.windowWidth();
  }

  @Override
  public String toString() {
    return name;
  }
}

package dev.azulejo.compare.conv;

import dev.azulejo.compare.measure.ProblemList;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvPass;
import java.io.IOException;
import java.util.List;

/**
 * A convolution to measure.
 *
 * @param name in the report
 * @param batch samples
 * @param shape of one sample
 */
public record ConvCase(String name, int batch, Conv2dShape shape) {
  private static final List<String> COLUMNS =
      List.of("name", "n", "c", "h", "w", "k", "r", "s", "stride", "pad", "groups", "why");

  /** Reads a list; see {@link ProblemList#read}. */
  public static List<ConvCase> read(String source) throws IOException {
    return ProblemList.read(source, COLUMNS).stream().map(ConvCase::of).toList();
  }

  private static ConvCase of(ProblemList.Line line) {
    int stride = line.number("stride", 1);
    int pad = line.number("pad", 0);
    return line.make(
        () ->
            new ConvCase(
                line.text("name"),
                line.number("n", 1),
                new Conv2dShape(
                    line.number("c", 1),
                    line.number("h", 1),
                    line.number("w", 1),
                    line.number("k", 1),
                    line.number("r", 1),
                    line.number("s", 1),
                    stride,
                    stride,
                    pad,
                    pad,
                    1,
                    1,
                    line.number("groups", 1))));
  }

  /**
   * Floating-point operations of a pass, the same for all three: two for each product of a weight
   * and an element of the input. Taps on the padding are not counted, as nobody has to compute
   * them.
   */
  public double flops() {
    double rows =
        taps(
            shape.outputHeight(),
            shape.kernelHeight(),
            shape.strideHeight(),
            shape.paddingHeight(),
            shape.dilationHeight(),
            shape.height());
    double columns =
        taps(
            shape.outputWidth(),
            shape.kernelWidth(),
            shape.strideWidth(),
            shape.paddingWidth(),
            shape.dilationWidth(),
            shape.width());
    double channels = (double) shape.channels() / shape.groups();
    return 2 * batch * shape.filters() * channels * rows * columns;
  }

  /** Elements of what a pass computes. */
  public long resultCount(ConvPass pass) {
    return switch (pass) {
      case FORWARD -> outputCount();
      case GRAD_INPUT -> inputCount();
      case GRAD_WEIGHTS -> shape.weightCount();
    };
  }

  /** Elements of x. */
  public long inputCount() {
    return batch * shape.inputCount();
  }

  /** Elements of y and of its gradient. */
  public long outputCount() {
    return batch * shape.outputCount();
  }

  /** Pairs of a place and a tap that lie inside the input, in one direction. */
  private static double taps(
      long places, long kernel, long stride, long padding, long dilation, long length) {
    double taps = 0;
    for (long place = 0; place < places; place++) {
      for (long tap = 0; tap < kernel; tap++) {
        long at = place * stride - padding + tap * dilation;
        if (at >= 0 && at < length) {
          taps++;
        }
      }
    }
    return taps;
  }
}

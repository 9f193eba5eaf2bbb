package dev.azulejo.reference;

import dev.azulejo.device.DeviceInfo;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvAlgorithm;
import java.util.List;
import java.util.stream.Stream;

/**
 * A line of conv-small.csv, conv1d-small.csv or conv-pool-small.csv.
 *
 * @param name the line's name
 * @param batch samples
 * @param shape all other sizes
 */
public record ConvCase(String name, int batch, Conv2dShape shape) {
  /** All of them, 2-D and 1-D. */
  public static List<ConvCase> all() {
    return Stream.concat(
            Shapes.read("conv-small.csv").stream().map(ConvCase::image),
            Shapes.read("conv1d-small.csv").stream().map(ConvCase::signal))
        .toList();
  }

  /** Those of conv-pool-small.csv, whose outputs have windows of 2x2 to pool. */
  public static List<ConvCase> pooled() {
    return Shapes.read("conv-pool-small.csv").stream().map(ConvCase::image).toList();
  }

  /** The case of a name. */
  public static ConvCase named(String name) {
    return all().stream().filter(c -> c.name.equals(name)).findFirst().orElseThrow();
  }

  private static ConvCase image(Shapes.Line line) {
    return new ConvCase(
        line.toString(),
        line.get("batch"),
        new Conv2dShape(
            line.get("channels"),
            line.get("height"),
            line.get("width"),
            line.get("filters"),
            line.get("kernel_h"),
            line.get("kernel_w"),
            line.get("stride_h"),
            line.get("stride_w"),
            line.get("pad_h"),
            line.get("pad_w"),
            line.get("dilation_h"),
            line.get("dilation_w"),
            line.get("groups")));
  }

  private static ConvCase signal(Shapes.Line line) {
    return new ConvCase(
        "1d-" + line,
        line.get("batch"),
        new Conv2dShape(
            line.get("channels"),
            1,
            line.get("length"),
            line.get("filters"),
            1,
            line.get("kernel"),
            1,
            line.get("stride"),
            0,
            line.get("pad"),
            1,
            line.get("dilation"),
            line.get("groups")));
  }

  /** The ways to compute it that a device has and that do its shape. */
  public List<Way> ways(DeviceInfo device) {
    return Stream.of(
            new Way(ConvAlgorithm.DIRECT, 0),
            new Way(ConvAlgorithm.IM2COL_GEMM, 0),
            new Way(ConvAlgorithm.IM2COL_GEMM, 1),
            new Way(ConvAlgorithm.IM2COL_GEMM, 2),
            new Way(ConvAlgorithm.IM2COL_GEMM, batch + 3),
            new Way(ConvAlgorithm.IMPLICIT_GEMM, 0),
            new Way(ConvAlgorithm.IMPLICIT_GEMM_TF32, 0),
            new Way(ConvAlgorithm.IMPLICIT_GEMM_BF16, 0),
            new Way(ConvAlgorithm.WINOGRAD, 0),
            new Way(ConvAlgorithm.WINOGRAD_2X2, 0),
            new Way(ConvAlgorithm.HOPPER_TF32, 0),
            new Way(ConvAlgorithm.HOPPER_BF16, 0),
            new Way(ConvAlgorithm.AUTO, 0))
        .filter(way -> way.algorithm().runsOn(device) && way.algorithm().fits(shape))
        .toList();
  }

  /** The problem, computed in some way. LEAKY_RELU has the slope 1/8. */
  public Conv2dProblem problem(Way way, Activation activation) {
    return new Conv2dProblem(
        shape, batch, way.algorithm(), way.samplesPerUnroll(), activation, 0.125f);
  }

  /** The problem, computed by AUTO and without an activation. */
  public Conv2dProblem problem() {
    return problem(new Way(ConvAlgorithm.AUTO, 0), Activation.IDENTITY);
  }

  /** The same in float64. */
  public ConvolutionReference reference() {
    return new ConvolutionReference(shape, batch);
  }

  /** Elements of x. */
  public long inputCount() {
    return batch * shape.inputCount();
  }

  /** Elements of y. */
  public long outputCount() {
    return batch * shape.outputCount();
  }

  /** Products summed into one output, with the bias. */
  public double forwardTerms() {
    return (double) shape.channels() / shape.groups() * taps() + 1;
  }

  /** Products summed into one element of the input's gradient, at most. */
  public double gradInputTerms() {
    return (double) shape.filters() / shape.groups() * taps();
  }

  /** Products summed into one element of the gradient of weights or bias. */
  public double gradWeightsTerms() {
    return (double) batch * shape.outputHeight() * shape.outputWidth();
  }

  private double taps() {
    return (double) shape.kernelHeight() * shape.kernelWidth();
  }

  @Override
  public String toString() {
    return name;
  }

  /**
   * How to compute it.
   *
   * @param algorithm the algorithm
   * @param samplesPerUnroll parameter of IM2COL_GEMM
   */
  public record Way(ConvAlgorithm algorithm, long samplesPerUnroll) {}
}

package dev.azulejo.ops;

import dev.azulejo.reference.ConvolutionReference;
import dev.azulejo.reference.Shapes;
import java.util.List;
import java.util.stream.Stream;

/** A line of conv-small.csv or conv1d-small.csv. */
record ConvCase(String name, int batch, Conv2dShape shape) {
  /** All of them, 2-D and 1-D. */
  static List<ConvCase> all() {
    return Stream.concat(
            Shapes.read("conv-small.csv").stream().map(ConvCase::image),
            Shapes.read("conv1d-small.csv").stream().map(ConvCase::signal))
        .toList();
  }

  /** The case of a name. */
  static ConvCase named(String name) {
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

  /** The ways to compute it that the conformance suite tries. */
  List<Way> ways() {
    return List.of(
        new Way(ConvAlgorithm.DIRECT, 0),
        new Way(ConvAlgorithm.IM2COL_GEMM, 0),
        new Way(ConvAlgorithm.IM2COL_GEMM, 1),
        new Way(ConvAlgorithm.IM2COL_GEMM, 2),
        new Way(ConvAlgorithm.IM2COL_GEMM, batch + 3),
        new Way(ConvAlgorithm.AUTO, 0));
  }

  Conv2dProblem problem(Way way, Activation activation) {
    return new Conv2dProblem(
        shape, batch, way.algorithm(), way.samplesPerUnroll(), activation, 0.125f);
  }

  Conv2dProblem problem() {
    return problem(new Way(ConvAlgorithm.AUTO, 0), Activation.IDENTITY);
  }

  ConvolutionReference reference() {
    return new ConvolutionReference(shape, batch);
  }

  long inputCount() {
    return batch * shape.inputCount();
  }

  long outputCount() {
    return batch * shape.outputCount();
  }

  /** Products summed into one output, with the bias. */
  double forwardTerms() {
    return (double) shape.channels() / shape.groups() * taps() + 1;
  }

  /** Products summed into one element of the input's gradient, at most. */
  double gradInputTerms() {
    return (double) shape.filters() / shape.groups() * taps();
  }

  /** Products summed into one element of the gradient of weights or bias. */
  double gradWeightsTerms() {
    return (double) batch * shape.outputHeight() * shape.outputWidth();
  }

  private double taps() {
    return (double) shape.kernelHeight() * shape.kernelWidth();
  }

  @Override
  public String toString() {
    return name;
  }

  /** An algorithm and its parameter. */
  record Way(ConvAlgorithm algorithm, long samplesPerUnroll) {}
}

package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.ConvPass;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A network as a table: shapes, parameters, how each convolution is computed and how much larger
 * than its input its X_unroll is (row T15), and what training and inference need in memory. Known
 * before any of it is allocated.
 *
 * @param rows a row for each layer
 * @param parameters trainable numbers
 * @param batch the size of mini-batch the memory is for
 * @param training what training needs
 * @param inference what inference needs
 */
public record Summary(
    List<Row> rows, long parameters, int batch, MemoryPlan training, MemoryPlan inference) {

  /**
   * One layer.
   *
   * @param name unique in the network
   * @param description as in the network's text
   * @param output shape of one sample
   * @param parameters trainable numbers
   * @param expansionRatio elements of X_unroll for each element of the input; 0 where nothing is
   *     unrolled
   * @param algorithm of a convolution's forward pass; empty otherwise
   */
  public record Row(
      String name,
      String description,
      Shape output,
      long parameters,
      double expansionRatio,
      String algorithm) {}

  /** Of a network on a stream's device, with Azulejo's own engine. */
  public static Summary of(NetworkSpec spec, Stream stream, int batch) {
    return of(spec, stream, batch, Engine.azulejo());
  }

  /** Of a network on a stream's device. */
  public static Summary of(NetworkSpec spec, Stream stream, int batch, Engine engine) {
    List<Shape> shapes = spec.shapes();
    List<String> names = spec.layerNames();
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      Layer layer = spec.layers().get(i);
      Shape input = shapes.get(i);
      long parameters = layer.parameters(input).stream().mapToLong(ParameterShape::count).sum();
      double ratio = 0;
      String algorithm = "";
      if (layer instanceof Conv2d conv) {
        ratio = conv.shape(input).expansionRatio();
        try (EngineSession session = engine.open(stream, false)) {
          algorithm = session.convolution(conv.problem(input, batch)).algorithm(ConvPass.FORWARD);
        }
      }
      rows.add(
          new Row(names.get(i), layer.describe(), shapes.get(i + 1), parameters, ratio, algorithm));
    }
    return new Summary(
        List.copyOf(rows),
        spec.parameterCount(),
        batch,
        MemoryPlan.training(spec, stream, batch, engine),
        MemoryPlan.inference(spec, stream, batch, engine));
  }

  /** The table, for a terminal. */
  @Override
  public String toString() {
    int width = rows.stream().mapToInt(row -> row.description().length()).max().orElse(0);
    StringBuilder text = new StringBuilder();
    String format = "%-12s %-" + Math.max(width, 5) + "s %12s %12s %9s  %s%n";
    text.append(
        String.format(
            Locale.ROOT, format, "name", "layer", "output", "parameters", "X_unroll", "algorithm"));
    for (Row row : rows) {
      text.append(
          String.format(
              Locale.ROOT,
              format,
              row.name(),
              row.description(),
              row.output(),
              row.parameters() == 0 ? "" : String.format(Locale.ROOT, "%,d", row.parameters()),
              row.expansionRatio() == 0
                  ? ""
                  : String.format(Locale.ROOT, "%.2fx", row.expansionRatio()),
              row.algorithm()));
    }
    text.append(String.format(Locale.ROOT, "%,d parameters%n", parameters));
    text.append("memory, batch ").append(batch).append(": training ").append(memory(training));
    text.append("; inference ").append(memory(inference));
    return text.toString();
  }

  private static String memory(MemoryPlan plan) {
    StringBuilder text = new StringBuilder(size(plan.total()));
    text.append(" (weights ").append(size(plan.weights()));
    if (plan.gradients() > 0) {
      text.append(", gradients ").append(size(plan.gradients()));
    }
    text.append(", activations ").append(size(plan.activations()));
    if (plan.activationGradients() > 0) {
      text.append(", their gradients ")
          .append(size(plan.activationGradients()))
          .append(", argmax ")
          .append(size(plan.saved()));
    }
    if (plan.packed() > 0) {
      text.append(", weights in BF16 ").append(size(plan.packed()));
    }
    return text.append(", X_unroll and sums ")
        .append(size(plan.workspace()))
        .append(plan.engine() > 0 ? ", the engine's own " + size(plan.engine()) : "")
        .append(')')
        .toString();
  }

  private static String size(long bytes) {
    return bytes < 1 << 20
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
  }
}

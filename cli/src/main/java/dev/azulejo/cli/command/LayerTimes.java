package dev.azulejo.cli.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.cli.report.Table;
import dev.azulejo.data.Shape;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Storage;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.ParameterShape;
import dev.azulejo.nn.TrainingPlan;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * How long each layer takes inside a training step, beside what it has to compute and to move.
 * Layers that are computed as one are one row, such as {@code conv2d1+maxpool1}.
 *
 * <p>The operations of a pass through a convolution or dense layer are two for each weight and each
 * place where it is applied, taps on the padding among them; the backward pass has a gradient to
 * the weights and one to the input, which the first layer leaves out. The bytes are those of every
 * tensor, read or written once: forward x, weights and y; backward x, y, the gradient to y and the
 * weights, and the gradients to weights and x, each as large as the engine stores it. What passes
 * between layers that are computed as one does not count. Packing the input to another storage and
 * unpacking the output is a part of the time of the layers beside.
 */
final class LayerTimes {
  private static final int WARM_UP_STEPS = 10;
  private static final int LEAST_STEPS = 20;

  /** A layer's pass: what it needs at least, and the median of its times in seconds. */
  private record Pass(String layer, boolean backward, double flops, double bytes, double seconds) {}

  private final List<Pass> passes = new ArrayList<>();

  /**
   * Measures steps of a network.
   *
   * @param images off-heap floats of one mini-batch
   * @param steps how many to time; 0 for as many as fit the seconds
   */
  LayerTimes(Network network, MemorySegment images, int batch, int steps, double seconds) {
    NetworkSpec spec = network.spec();
    int layers = spec.layers().size();
    double[][] times = new double[2 * layers][LEAST_STEPS];
    int[] lasts = new int[layers]; // of the layers that are computed with each
    Arrays.fill(lasts, -1);
    int count = 0;
    Stream stream = network.device().stream();
    Storage storage;
    try (TrainingPlan plan = new TrainingPlan(network, stream, batch)) {
      storage = plan.storage();
      long[] last = new long[1];
      int[] step = new int[1];
      plan.observe(
          (layer, lastLayer, backward) -> {
            stream.synchronize();
            long now = System.nanoTime();
            times[layer + (backward ? layers : 0)][step[0]] = (now - last[0]) / 1e9;
            lasts[layer] = lastLayer;
            last[0] = now;
          });
      long begin = System.nanoTime();
      for (int i = -WARM_UP_STEPS;
          i < 0
              || (steps > 0
                  ? count < steps
                  : count < LEAST_STEPS || System.nanoTime() - begin < seconds * 1e9);
          i++) {
        begin = i == 0 ? System.nanoTime() : begin;
        step[0] = Math.max(i, 0);
        if (step[0] == times[0].length) {
          for (int j = 0; j < times.length; j++) {
            times[j] = Arrays.copyOf(times[j], 2 * times[j].length);
          }
        }
        plan.input().upload(stream, plan.input().count(), images);
        stream.synchronize();
        last[0] = System.nanoTime();
        plan.forward();
        plan.backward();
        count = i < 0 ? 0 : count + 1;
      }
    }
    List<Shape> shapes = spec.shapes();
    boolean first = true;
    for (int i = 0; i < layers; i++) {
      if (lasts[i] < 0) { // part of another, or nothing to do
        continue;
      }
      Shape x = shapes.get(i);
      Shape z = shapes.get(i + 1);
      Shape y = shapes.get(lasts[i] + 1);
      List<ParameterShape> parameters = spec.layers().get(i).parameters(x);
      double weights = parameters.isEmpty() ? 0 : parameters.getFirst().count();
      double flops = 2 * weights * z.height() * z.width() * batch;
      double in = bytes(storage, x, batch);
      double out = bytes(storage, y, batch);
      double w = weights * storage.type().bytes();
      String name = String.join("+", spec.layerNames().subList(i, lasts[i] + 1));
      passes.add(new Pass(name, false, flops, in + w + out, median(times[i], count)));
      double back = in + 2 * out + 2 * w + (first ? 0 : in);
      double gradients = first ? flops : 2 * flops;
      passes.add(new Pass(name, true, gradients, back, median(times[layers + i], count)));
      first = false;
    }
  }

  private static double bytes(Storage storage, Shape shape, int batch) {
    return (double) storage.elements(shape) * storage.type().bytes() * batch;
  }

  private static double median(double[] times, int count) {
    double[] sorted = Arrays.copyOf(times, count);
    Arrays.sort(sorted);
    return sorted[count / 2];
  }

  /** The passes in the order of a step, with their share of the sum. */
  void print(PrintWriter text) {
    double sum = passes.stream().mapToDouble(Pass::seconds).sum();
    Table table = new Table("layer", "pass", "median", "share", "MFLOP", "GFLOP/s", "MB", "GB/s");
    for (boolean backward : new boolean[] {false, true}) {
      for (Pass pass : backward ? passes.reversed() : passes) {
        if (pass.backward() == backward) {
          table.row(
              pass.layer(),
              backward ? "backward" : "forward",
              format("%.3f ms", 1e3 * pass.seconds()),
              format("%.1f %%", 100 * pass.seconds() / sum),
              format("%.1f", pass.flops() / 1e6),
              pass.flops() == 0 ? "" : format("%.1f", pass.flops() / pass.seconds() / 1e9),
              format("%.2f", pass.bytes() / 1e6),
              format("%.1f", pass.bytes() / pass.seconds() / 1e9));
        }
      }
    }
    text.print(table);
  }

  void json(ArrayNode array) {
    for (Pass pass : passes) {
      ObjectNode node = array.addObject();
      node.put("layer", pass.layer());
      node.put("pass", pass.backward() ? "backward" : "forward");
      node.put("medianSeconds", pass.seconds());
      node.put("flops", pass.flops());
      node.put("bytes", pass.bytes());
    }
  }

  private static String format(String pattern, double value) {
    return String.format(Locale.ROOT, pattern, value);
  }
}

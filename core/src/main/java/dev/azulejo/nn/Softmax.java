package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.EngineSession;
import java.util.List;

/** Probabilities over the numbers of each sample (row T2). */
public record Softmax() implements Layer {

  @Override
  public String name() {
    return "softmax";
  }

  @Override
  public String describe() {
    return name();
  }

  @Override
  public Shape outputShape(Shape input) {
    return input;
  }

  @Override
  public List<ParameterShape> parameters(Shape input) {
    return List.of();
  }

  @Override
  public LayerPlan plan(Shape input, int maxBatch, EngineSession engine) {
    return new Plan(input.size(), maxBatch);
  }

  /** The probabilities of one sample's numbers, on the host. */
  static float[] of(float[] scores) {
    double largest = Double.NEGATIVE_INFINITY;
    for (float score : scores) {
      largest = Math.max(largest, score);
    }
    double sum = 0;
    for (float score : scores) {
      sum += Math.exp(score - largest);
    }
    float[] probabilities = new float[scores.length];
    for (int i = 0; i < scores.length; i++) {
      probabilities[i] = (float) (Math.exp(scores[i] - largest) / sum);
    }
    return probabilities;
  }

  private static final class Plan implements LayerPlan {
    private final long classes;
    private int rows;

    Plan(long classes, int rows) {
      this.classes = classes;
      this.rows = rows;
    }

    @Override
    public void setBatch(int batch) {
      rows = batch;
    }

    @Override
    public void forward(Stream stream, LayerTensors t) {
      dev.azulejo.ops.Softmax.forward(stream, rows, classes, t.x(), t.y());
    }

    @Override
    public void backward(Stream stream, LayerTensors t) {
      if (t.gradX() != null) {
        dev.azulejo.ops.Softmax.backward(stream, rows, classes, t.y(), t.gradY(), t.gradX());
      }
    }
  }
}

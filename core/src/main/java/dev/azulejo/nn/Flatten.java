package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.EngineSession;
import java.util.List;

/**
 * Sees a sample of C x H x W as one row of numbers, forward and backward (row T12). No memory, no
 * work.
 */
public record Flatten() implements Layer {

  @Override
  public String name() {
    return "flatten";
  }

  @Override
  public String describe() {
    return name();
  }

  @Override
  public Shape outputShape(Shape input) {
    return new Shape(input.size(), 1, 1);
  }

  @Override
  public List<ParameterShape> parameters(Shape input) {
    return List.of();
  }

  @Override
  public boolean isView() {
    return true;
  }

  @Override
  public LayerPlan plan(Shape input, int maxBatch, EngineSession engine) {
    return new Plan();
  }

  private static final class Plan implements LayerPlan {
    @Override
    public void setBatch(int batch) {}

    @Override
    public void forward(Stream stream, LayerTensors t) {}

    @Override
    public void backward(Stream stream, LayerTensors t) {}
  }
}

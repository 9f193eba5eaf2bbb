package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Activations;
import java.util.List;
import java.util.Locale;

/**
 * An activation by itself (row T2), where there is no convolution or dense layer before it to be
 * part of.
 *
 * @param activation not the identity
 * @param slope of the leaky ReLU
 */
public record ActivationLayer(Activation activation, float slope) implements Layer {

  /** Checks the activation. */
  public ActivationLayer {
    slope = Slopes.check(activation, slope);
    if (activation == Activation.IDENTITY) {
      throw new IllegalArgumentException("the identity is no layer; leave it out");
    }
  }

  @Override
  public String name() {
    return activation.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public String describe() {
    return name() + (activation == Activation.LEAKY_RELU ? " " + slope : "");
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
    return new Plan(this, input.size(), maxBatch);
  }

  private static final class Plan implements LayerPlan {
    private final ActivationLayer layer;
    private final long sample;
    private long count;

    Plan(ActivationLayer layer, long sample, int batch) {
      this.layer = layer;
      this.sample = sample;
      setBatch(batch);
    }

    @Override
    public void setBatch(int batch) {
      count = batch * sample;
    }

    @Override
    public void forward(Stream stream, LayerTensors t) {
      Activations.forward(stream, layer.activation, layer.slope, count, t.x(), t.y());
    }

    @Override
    public void backward(Stream stream, LayerTensors t) {
      if (t.gradX() != null) {
        Activations.backward(
            stream, layer.activation, layer.slope, count, t.y(), t.gradY(), t.gradX());
      }
    }
  }
}

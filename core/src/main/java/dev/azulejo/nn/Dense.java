package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.DensePlan;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Activations;
import dev.azulejo.ops.DenseProblem;
import java.util.List;
import java.util.Optional;

/**
 * Dense layer with bias and activation: y = σ(W x + b) for every sample of a mini-batch in one GEMM
 * (rows T2, T8, T17). Takes a flattened input.
 *
 * @param outputs how many
 * @param activation σ
 * @param slope of the leaky ReLU
 */
public record Dense(int outputs, Activation activation, float slope) implements Layer {

  /** Checks what does not depend on the input. */
  public Dense {
    if (outputs < 1) {
      throw new IllegalArgumentException("outputs must be at least 1, was " + outputs);
    }
    slope = Slopes.check(activation, slope);
  }

  /** Without activation. */
  public static Dense of(int outputs) {
    return new Dense(outputs, Activation.IDENTITY, 0);
  }

  @Override
  public String name() {
    return "dense";
  }

  @Override
  public String describe() {
    return name() + " " + outputs + NetworkText.format(activation, slope);
  }

  @Override
  public Shape outputShape(Shape input) {
    if (input.height() != 1 || input.width() != 1) {
      throw new IllegalArgumentException(
          "a dense layer takes one row of numbers a sample; put flatten before it");
    }
    return new Shape(outputs, 1, 1);
  }

  @Override
  public List<ParameterShape> parameters(Shape input) {
    return List.of(
        new ParameterShape("weight", new long[] {outputs, input.size()}, input.size()),
        new ParameterShape("bias", new long[] {outputs}, 0));
  }

  @Override
  public LayerPlan plan(Shape input, int maxBatch, EngineSession engine) {
    return new Plan(
        this, new DenseProblem(maxBatch, input.size(), outputs, activation, slope), engine);
  }

  /**
   * A convolution whose kernel covers the image: what is flattened channel by channel before it has
   * the order of that kernel's weights, so they are saved alike.
   */
  @Override
  public Optional<Bf16Form> bf16() {
    return Optional.of(
        (image, maxBatch, engine) -> {
          Pair kernel = new Pair(image.height(), image.width());
          Conv2d cover = Conv2d.of(outputs, kernel).withActivation(activation, slope);
          return new Bf16ConvPlan(cover.problem(image, maxBatch), engine);
        });
  }

  Dense withActivation(Activation value, float valueSlope) {
    return new Dense(outputs, value, valueSlope);
  }

  private static final class Plan implements LayerPlan {
    private final Dense layer;
    private final DensePlan dense;
    private long outputs;

    Plan(Dense layer, DenseProblem problem, EngineSession engine) {
      this.layer = layer;
      outputs = problem.outputCount();
      dense = engine.dense(problem);
    }

    @Override
    public void setBatch(int batch) {
      outputs = batch * (long) layer.outputs;
      dense.setBatch(batch);
    }

    @Override
    public void forward(Stream stream, LayerTensors t) {
      dense.forward(t.x(), t.weights().weight(), t.weights().bias(), t.y());
    }

    @Override
    public void backward(Stream stream, LayerTensors t) {
      if (layer.activation != Activation.IDENTITY) {
        Activations.backward(
            stream, layer.activation, layer.slope, outputs, t.y(), t.gradY(), t.gradY());
      }
      dense.gradWeights(t.x(), t.gradY(), t.gradients().weight(), t.gradients().bias());
      if (t.gradX() != null) {
        dense.gradInput(t.gradY(), t.weights().weight(), t.gradX());
      }
    }
  }
}

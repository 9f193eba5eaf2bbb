package dev.azulejo.train;

import dev.azulejo.device.Device;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.AdamSettings;
import dev.azulejo.ops.Optimizers;
import java.util.Map;

/**
 * Adam (Kingma and Ba 2015, Algorithm 1), and AdamW with decoupled weight decay (Loshchilov and
 * Hutter 2019).
 *
 * @param learningRate positive
 * @param beta1 decay of the mean gradient, below 1
 * @param beta2 decay of the mean squared gradient, below 1
 * @param epsilon positive
 * @param weightDecay at least 0
 * @param decoupledDecay whether the weights decay by themselves instead of through the gradient
 */
public record Adam(
    float learningRate,
    float beta1,
    float beta2,
    float epsilon,
    float weightDecay,
    boolean decoupledDecay)
    implements Optimizer {

  /** Checks the settings. */
  public Adam {
    Rates.positive(learningRate, "learning rate");
    Rates.fraction(beta1, "beta1");
    Rates.fraction(beta2, "beta2");
    Rates.positive(epsilon, "epsilon");
    Rates.atLeastZero(weightDecay, "weight decay");
  }

  /** With the paper's beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, no weight decay. */
  public static Adam rate(float learningRate) {
    return new Adam(learningRate, 0.9f, 0.999f, 1e-8f, 0, false);
  }

  /** With another decay of the mean gradient. */
  public Adam beta1(float value) {
    return new Adam(learningRate, value, beta2, epsilon, weightDecay, decoupledDecay);
  }

  /** With another decay of the mean squared gradient. */
  public Adam beta2(float value) {
    return new Adam(learningRate, beta1, value, epsilon, weightDecay, decoupledDecay);
  }

  /** With another epsilon. */
  public Adam epsilon(float value) {
    return new Adam(learningRate, beta1, beta2, value, weightDecay, decoupledDecay);
  }

  /** With weight decay. */
  public Adam weightDecay(float value) {
    return new Adam(learningRate, beta1, beta2, epsilon, value, decoupledDecay);
  }

  /** With decoupled weight decay: AdamW. */
  public Adam decoupled() {
    return new Adam(learningRate, beta1, beta2, epsilon, weightDecay, true);
  }

  @Override
  public String describe() {
    return (decoupledDecay ? "adamw" : "adam")
        + " rate "
        + learningRate
        + " beta1 "
        + beta1
        + " beta2 "
        + beta2
        + " epsilon "
        + epsilon
        + " weight-decay "
        + weightDecay;
  }

  @Override
  public OptimizerState start(Device device, Stream stream, long count, int steps) {
    return new State(this, device, stream, count, steps);
  }

  private static final class State implements OptimizerState {
    private final Adam adam;
    private final long count;
    private final AdamSettings settings;
    private final Moments moments;
    private final Tensor mean;
    private final Tensor square;

    State(Adam adam, Device device, Stream stream, long count, int steps) {
      this.adam = adam;
      this.count = count;
      settings = new AdamSettings(device, steps);
      try {
        moments = new Moments(device, stream, 2, count);
      } catch (RuntimeException | Error e) {
        settings.close();
        throw e;
      }
      mean = moments.get(0);
      square = moments.get(1);
    }

    @Override
    public void update(
        Stream stream, long step, float learningRate, Tensor gradients, Tensor weights) {
      settings.set(
          stream,
          learningRate,
          adam.beta1,
          adam.beta2,
          adam.epsilon,
          adam.weightDecay,
          adam.decoupledDecay,
          step);
      Optimizers.adam(stream, settings, count, gradients, weights, mean, square);
    }

    @Override
    public void plan(int row, long step, float learningRate) {
      settings.plan(
          row,
          learningRate,
          adam.beta1,
          adam.beta2,
          adam.epsilon,
          adam.weightDecay,
          adam.decoupledDecay,
          step);
    }

    @Override
    public void uploadPlan(Stream stream, int steps) {
      settings.upload(stream, steps);
    }

    @Override
    public void updateAsPlanned(Stream stream, Tensor gradients, Tensor weights) {
      settings.next(stream);
      Optimizers.adam(stream, settings, count, gradients, weights, mean, square);
    }

    @Override
    public Map<String, Tensor> moments() {
      return Map.of("mean", mean, "square", square);
    }

    @Override
    public void close() {
      settings.close();
      moments.close();
    }
  }
}

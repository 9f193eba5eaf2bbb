package dev.azulejo.train;

import dev.azulejo.device.Device;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Optimizers;
import dev.azulejo.ops.SgdSettings;
import java.util.Map;

/**
 * Stochastic gradient descent, T(2.6) (row T5), with momentum, Nesterov's form of it, and weight
 * decay: g' = g + weightDecay w; v = momentum v + g'; w -= rate (nesterov ? g' + momentum v : v).
 *
 * @param learningRate positive
 * @param momentum 0 for none, below 1
 * @param lookahead Nesterov's form: whether to look ahead; needs momentum
 * @param weightDecay at least 0
 */
public record Sgd(float learningRate, float momentum, boolean lookahead, float weightDecay)
    implements Optimizer {

  /** Checks the settings. */
  public Sgd {
    Rates.positive(learningRate, "learning rate");
    Rates.fraction(momentum, "momentum");
    Rates.atLeastZero(weightDecay, "weight decay");
    if (lookahead && momentum == 0) {
      throw new IllegalArgumentException("Nesterov's form needs a momentum above 0");
    }
  }

  /** Plain gradient descent. */
  public static Sgd rate(float learningRate) {
    return new Sgd(learningRate, 0, false, 0);
  }

  /** With momentum, below 1. */
  public Sgd momentum(float value) {
    return new Sgd(learningRate, value, lookahead, weightDecay);
  }

  /** With Nesterov's momentum. */
  public Sgd nesterov() {
    return new Sgd(learningRate, momentum, true, weightDecay);
  }

  /** With weight decay. */
  public Sgd weightDecay(float value) {
    return new Sgd(learningRate, momentum, lookahead, value);
  }

  @Override
  public String describe() {
    return "sgd rate "
        + learningRate
        + " momentum "
        + momentum
        + (lookahead ? " nesterov" : "")
        + " weight-decay "
        + weightDecay;
  }

  @Override
  public OptimizerState start(Device device, Stream stream, long count, int steps) {
    return new State(this, device, stream, count, steps);
  }

  private static final class State implements OptimizerState {
    private final Sgd sgd;
    private final long count;
    private final SgdSettings settings;
    private final Moments moments;
    private final Tensor velocity;
    private float rate = Float.NaN;

    State(Sgd sgd, Device device, Stream stream, long count, int steps) {
      this.sgd = sgd;
      this.count = count;
      settings = new SgdSettings(device, steps);
      try {
        moments = sgd.momentum == 0 ? null : new Moments(device, stream, 1, count);
      } catch (RuntimeException | Error e) {
        settings.close();
        throw e;
      }
      velocity = moments == null ? null : moments.get(0);
    }

    @Override
    public void update(
        Stream stream, long step, float learningRate, Tensor gradients, Tensor weights) {
      if (learningRate != rate) {
        settings.set(stream, learningRate, sgd.momentum, sgd.weightDecay, sgd.lookahead);
        rate = learningRate;
      }
      Optimizers.sgd(stream, settings, count, gradients, weights, velocity);
    }

    @Override
    public void plan(int row, long step, float learningRate) {
      settings.plan(row, learningRate, sgd.momentum, sgd.weightDecay, sgd.lookahead);
    }

    @Override
    public void uploadPlan(Stream stream, int steps) {
      settings.upload(stream, steps);
    }

    @Override
    public void updateAsPlanned(Stream stream, Tensor gradients, Tensor weights) {
      settings.next(stream);
      rate = Float.NaN; // what is in force is no longer what update() set
      Optimizers.sgd(stream, settings, count, gradients, weights, velocity);
    }

    @Override
    public Map<String, Tensor> moments() {
      return velocity == null ? Map.of() : Map.of("velocity", velocity);
    }

    @Override
    public void close() {
      settings.close();
      if (moments != null) {
        moments.close();
      }
    }
  }
}

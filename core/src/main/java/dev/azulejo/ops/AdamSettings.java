package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_adam_settings;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What {@link Optimizers#adam} runs with, in device memory, set anew for each step. Used by one
 * thread at a time.
 *
 * <p>Kingma and Ba 2015; with decoupled weight decay Loshchilov and Hutter 2019 (AdamW).
 */
public final class AdamSettings implements AutoCloseable {
  private final MemorySegment host = azj_adam_settings.allocate(Arena.ofAuto());
  private final DeviceBuffer buffer;
  private final Tensor tensor;
  private boolean set;

  /** Settings on a device, to be {@link #set} before use. */
  public AdamSettings(Device device) {
    buffer = device.allocate("Adam settings", host.byteSize());
    tensor = buffer.floats();
  }

  /**
   * Sets the values for a step, on the device too; allocates nothing.
   *
   * @param learningRate at least 0
   * @param beta1 in [0, 1), decay of the mean of the gradients
   * @param beta2 in [0, 1), decay of the mean of their squares
   * @param epsilon greater than 0
   * @param weightDecay at least 0
   * @param decoupled whether the weights decay by themselves (AdamW) instead of through the
   *     gradient
   * @param step the number of this step, from 1, for the correction of the means' bias
   * @throws IllegalArgumentException where a value is out of its range, or not a number
   */
  public void set(
      Stream stream,
      float learningRate,
      float beta1,
      float beta2,
      float epsilon,
      float weightDecay,
      boolean decoupled,
      long step) {
    Settings.atLeastZero(learningRate, "learning rate");
    Settings.belowOne(beta1, "beta1");
    Settings.belowOne(beta2, "beta2");
    if (!(epsilon > 0 && epsilon < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "epsilon must be greater than 0 and finite, was " + epsilon);
    }
    Settings.atLeastZero(weightDecay, "weight decay");
    Sizes.atLeast(1, step, "step");
    azj_adam_settings.learning_rate(host, learningRate);
    azj_adam_settings.beta1(host, beta1);
    azj_adam_settings.beta2(host, beta2);
    azj_adam_settings.epsilon(host, epsilon);
    azj_adam_settings.weight_decay(host, weightDecay);
    azj_adam_settings.decoupled(host, decoupled ? 1 : 0);
    azj_adam_settings.correction1(host, correction(beta1, step));
    azj_adam_settings.correction2(host, correction(beta2, step));
    tensor.upload(stream, host);
    set = true;
  }

  /** Frees the device memory; a second call does nothing. */
  @Override
  public void close() {
    buffer.close();
  }

  Tensor tensor() {
    Settings.checkSet(set, "Adam settings");
    return tensor;
  }

  /**
   * 1 / (1 - beta^step), in float64: 1 - beta^step of a float beta2 near 1 would lose most of its
   * digits.
   */
  private static float correction(float beta, long step) {
    return (float) (1 / (1 - Math.pow(beta, step)));
  }
}

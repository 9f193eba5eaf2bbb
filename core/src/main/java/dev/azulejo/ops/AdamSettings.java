package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_adam_settings;
import dev.azulejo.device.Device;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * What {@link Optimizers#adam} runs with, in device memory: {@link #set} for the next step, or
 * {@link #plan}ned ahead, a row for each step, for a replayed graph. Used by one thread at a time.
 *
 * <p>Kingma and Ba 2015; with decoupled weight decay Loshchilov and Hutter 2019 (AdamW).
 */
public final class AdamSettings implements AutoCloseable {
  private final SettingsTable table;

  /** Settings on a device, to be {@link #set} before use. */
  public AdamSettings(Device device) {
    this(device, 1);
  }

  /**
   * Settings on a device, to be {@link #set} or {@link #plan}ned before use.
   *
   * @param steps the most steps planned at once, at least 1
   */
  public AdamSettings(Device device, int steps) {
    table = new SettingsTable(device, "Adam settings", steps, azj_adam_settings.layout());
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
    write(learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step);
    table.apply(stream);
  }

  /**
   * Writes down the values of a step to come, in host memory; {@link #upload} follows.
   *
   * @param row the step among those planned, from 0
   * @param step the number of the step in the run, from 1
   */
  public void plan(
      int row,
      float learningRate,
      float beta1,
      float beta2,
      float epsilon,
      float weightDecay,
      boolean decoupled,
      long step) {
    write(learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step);
    table.put(row);
  }

  /** Copies the values of the first so many steps to the device. */
  public void upload(Stream stream, int steps) {
    table.upload(stream, steps);
  }

  /** Puts the next step's values in force; allocates nothing, and can be recorded. */
  public void next(Stream stream) {
    table.next(stream);
  }

  /** Frees the device memory; a second call does nothing. */
  @Override
  public void close() {
    table.close();
  }

  Tensor tensor() {
    return table.current();
  }

  /**
   * 1 / (1 - beta^step), in float64: 1 - beta^step of a float beta2 near 1 would lose most of its
   * digits.
   */
  private static float correction(float beta, long step) {
    return (float) (1 / (1 - Math.pow(beta, step)));
  }

  private void write(
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
    MemorySegment values = table.row();
    azj_adam_settings.learning_rate(values, learningRate);
    azj_adam_settings.beta1(values, beta1);
    azj_adam_settings.beta2(values, beta2);
    azj_adam_settings.epsilon(values, epsilon);
    azj_adam_settings.weight_decay(values, weightDecay);
    azj_adam_settings.decoupled(values, decoupled ? 1 : 0);
    azj_adam_settings.correction1(values, correction(beta1, step));
    azj_adam_settings.correction2(values, correction(beta2, step));
  }
}

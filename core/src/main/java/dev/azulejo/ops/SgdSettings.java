package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_sgd_settings;
import dev.azulejo.device.Device;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * What {@link Optimizers#sgd} runs with, in device memory: {@link #set} for the next steps, or
 * {@link #plan}ned ahead, a row for each step, so that a schedule changes the rate of a replayed
 * graph. Used by one thread at a time.
 */
public final class SgdSettings implements AutoCloseable {
  private final SettingsTable table;
  private boolean needsVelocity;

  /** Settings on a device, to be {@link #set} before use. */
  public SgdSettings(Device device) {
    this(device, 1);
  }

  /**
   * Settings on a device, to be {@link #set} or {@link #plan}ned before use.
   *
   * @param steps the most steps planned at once, at least 1
   */
  public SgdSettings(Device device, int steps) {
    table = new SettingsTable(device, "SGD settings", steps, azj_sgd_settings.layout());
  }

  /**
   * Sets the values, on the device too; allocates nothing.
   *
   * @param learningRate at least 0
   * @param momentum in [0, 1); 0: the velocity is neither read nor written
   * @param weightDecay at least 0
   * @param nesterov needs momentum
   * @throws IllegalArgumentException where a value is out of its range, or not a number
   */
  public void set(
      Stream stream, float learningRate, float momentum, float weightDecay, boolean nesterov) {
    write(learningRate, momentum, weightDecay, nesterov);
    table.apply(stream);
  }

  /**
   * Writes down the values of a step to come, in host memory; {@link #upload} follows. The momentum
   * is the same in all steps.
   *
   * @param row the step among those planned, from 0
   */
  public void plan(
      int row, float learningRate, float momentum, float weightDecay, boolean nesterov) {
    write(learningRate, momentum, weightDecay, nesterov);
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

  /** Whether a velocity is needed. */
  public boolean needsVelocity() {
    return needsVelocity;
  }

  /** Frees the device memory; a second call does nothing. */
  @Override
  public void close() {
    table.close();
  }

  Tensor tensor() {
    return table.current();
  }

  private void write(float learningRate, float momentum, float weightDecay, boolean nesterov) {
    Settings.atLeastZero(learningRate, "learning rate");
    Settings.belowOne(momentum, "momentum");
    Settings.atLeastZero(weightDecay, "weight decay");
    if (nesterov && momentum == 0) {
      throw new IllegalArgumentException("Nesterov's form needs a momentum in (0, 1), was 0");
    }
    MemorySegment values = table.row();
    azj_sgd_settings.learning_rate(values, learningRate);
    azj_sgd_settings.momentum(values, momentum);
    azj_sgd_settings.weight_decay(values, weightDecay);
    azj_sgd_settings.nesterov(values, nesterov ? 1 : 0);
    needsVelocity = momentum != 0;
  }
}

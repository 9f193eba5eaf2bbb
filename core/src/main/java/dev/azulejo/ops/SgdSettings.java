package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_sgd_settings;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What {@link Optimizers#sgd} runs with, in device memory, so that a schedule can change it between
 * steps. Used by one thread at a time.
 */
public final class SgdSettings implements AutoCloseable {
  private final MemorySegment host = azj_sgd_settings.allocate(Arena.ofAuto());
  private final DeviceBuffer buffer;
  private final Tensor tensor;
  private boolean set;

  /** Settings on a device, to be {@link #set} before use. */
  public SgdSettings(Device device) {
    buffer = device.allocate("SGD settings", host.byteSize());
    tensor = buffer.floats();
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
    Settings.atLeastZero(learningRate, "learning rate");
    Settings.belowOne(momentum, "momentum");
    Settings.atLeastZero(weightDecay, "weight decay");
    if (nesterov && momentum == 0) {
      throw new IllegalArgumentException("Nesterov's form needs a momentum in (0, 1), was 0");
    }
    azj_sgd_settings.learning_rate(host, learningRate);
    azj_sgd_settings.momentum(host, momentum);
    azj_sgd_settings.weight_decay(host, weightDecay);
    azj_sgd_settings.nesterov(host, nesterov ? 1 : 0);
    tensor.upload(stream, host);
    set = true;
  }

  /** Whether a velocity is needed. */
  public boolean needsVelocity() {
    return azj_sgd_settings.momentum(host) != 0;
  }

  /** Frees the device memory; a second call does nothing. */
  @Override
  public void close() {
    buffer.close();
  }

  Tensor tensor() {
    Settings.checkSet(set, "SGD settings");
    return tensor;
  }
}

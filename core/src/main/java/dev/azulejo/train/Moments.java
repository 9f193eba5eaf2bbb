package dev.azulejo.train;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Elementwise;

/** Flat buffers of zeros, as many as an optimiser has moments, in one allocation. */
final class Moments implements AutoCloseable {
  private final DeviceBuffer memory;
  private final long count;

  Moments(Device device, Stream stream, int moments, long count) {
    this.count = count;
    memory = device.allocateFloats("optimiser", Math.multiplyExact(moments, count));
    try {
      Elementwise.fill(stream, moments * count, 0, memory.floats());
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  Tensor get(int index) {
    return memory.floats(index * count, count);
  }

  @Override
  public void close() {
    memory.close();
  }
}

package dev.azulejo.train;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Elementwise;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A copy, on the device, of weights that were finite. Belongs to its stream's thread. */
final class GoodWeights implements AutoCloseable {
  private final Stream stream;
  private final Tensor weights;
  private final DeviceBuffer memory;
  private final Tensor copy;
  private final Tensor sum;
  private final MemorySegment hostSum = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT);

  GoodWeights(Device device, Stream stream, Tensor weights) {
    this.stream = stream;
    this.weights = weights;
    memory = device.allocateFloats("weights of the last report", weights.count() + 1);
    copy = memory.floats(0, weights.count());
    sum = memory.floats(weights.count(), 1);
  }

  /** Whether no weight is NaN or infinite, which their sum would be too; waits for the device. */
  boolean areFinite() {
    Elementwise.sum(stream, weights.count(), 1, weights, 0, sum);
    sum.download(stream, hostSum);
    return Float.isFinite(hostSum.get(ValueLayout.JAVA_FLOAT, 0));
  }

  /** Copies the weights. */
  void keep() {
    copy.copyFrom(stream, weights, weights.count());
  }

  /** Copies them back. */
  void restore() {
    weights.copyFrom(stream, copy, weights.count());
  }

  @Override
  public void close() {
    memory.close();
  }
}

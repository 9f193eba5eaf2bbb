package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.Bf16Packing;

/**
 * Where a network goes over from one storage to the other, at its first and its last layer on BF16:
 * forward in one direction, the gradient in the other.
 */
final class Bf16Edge implements LayerPlan {
  private final Storage storage;
  private final int channels;
  private final long positions;
  private int batch;

  /**
   * An edge.
   *
   * @param storage of its output
   * @param image one sample
   */
  Bf16Edge(Storage storage, Shape image, int maxBatch) {
    this.storage = storage;
    channels = image.channels();
    positions = (long) image.height() * image.width();
    batch = maxBatch;
  }

  @Override
  public void setBatch(int value) {
    batch = value;
  }

  @Override
  public Storage storage() {
    return storage;
  }

  @Override
  public void forward(Stream stream, LayerTensors t) {
    convert(stream, storage, t.x(), t.y());
  }

  @Override
  public void backward(Stream stream, LayerTensors t) {
    if (t.gradX() != null) {
      convert(stream, storage == Storage.F32 ? Storage.BF16 : Storage.F32, t.gradY(), t.gradX());
    }
  }

  private void convert(Stream stream, Storage to, Tensor from, Tensor target) {
    if (to == Storage.BF16) {
      Bf16Packing.pack(stream, batch, channels, positions, from, target);
    } else {
      Bf16Packing.unpack(stream, batch, channels, positions, from, target);
    }
  }
}

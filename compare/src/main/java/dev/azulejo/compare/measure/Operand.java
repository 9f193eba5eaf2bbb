package dev.azulejo.compare.measure;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.Bf16;
import dev.azulejo.ops.Elementwise;
import dev.azulejo.reference.PackedReference;
import java.util.Arrays;

/**
 * A tensor x[row][channel][position] in device memory: in float32 as it is, in BF16 with the
 * channels last and zeros up to the next multiple of 8. A row-major matrix has one position.
 */
public final class Operand {
  /** Operands begin where allocations do. */
  private static final long ALIGNMENT = 256;

  private final Storage storage;
  private final PackedReference layout;
  private final long count;

  /** A tensor of such sizes. */
  public Operand(Storage storage, long rows, long channels, long positions) {
    this.storage = storage;
    layout = new PackedReference(rows, channels, positions);
    count = storage == Storage.BF16 ? layout.packedCount() : rows * channels * positions;
  }

  /** Bytes that it takes. */
  public long bytes() {
    long bytes = count * storage.type().bytes();
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** The tensor at a byte of a buffer. */
  public Tensor in(DeviceBuffer memory, long begin) {
    return storage == Storage.BF16
        ? memory.bf16(begin / Short.BYTES, count)
        : memory.floats(begin / Float.BYTES, count);
  }

  /** Numbers as everybody is given them: rounded where they are stored so. */
  public float[] given(float[] values) {
    return storage == Storage.BF16 ? Bf16.rounded(values) : values;
  }

  /** Copies x[row][channel][position] to the tensor. */
  public void upload(Stream stream, float[] values, Tensor tensor) {
    if (storage == Storage.BF16) {
      tensor.upload(stream, layout.pack(Bf16.of(values)));
    } else {
      tensor.upload(stream, values);
    }
  }

  /** Fills the tensor with NaN. */
  public void poison(Stream stream, Tensor tensor) {
    if (storage == Storage.BF16) {
      short[] nans = new short[Math.toIntExact(count)];
      Arrays.fill(nans, Bf16.of(Float.NaN));
      tensor.upload(stream, nans);
    } else {
      Elementwise.fill(stream, count, Float.NaN, tensor);
    }
  }

  /** The tensor as x[row][channel][position]. */
  public float[] download(Stream stream, Tensor tensor) {
    return storage == Storage.BF16
        ? Bf16.toFloats(layout.unpack(tensor.toShortArray(stream)))
        : tensor.toArray(stream);
  }
}

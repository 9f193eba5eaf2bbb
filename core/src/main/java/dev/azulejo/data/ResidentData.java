package dev.azulejo.data;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.OutOfDeviceMemoryException;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.util.Arrays;

/**
 * A data set's bytes and labels in the memory of a device, copied once; a view's own samples only,
 * in its order. Any thread may hold it.
 */
public final class ResidentData implements AutoCloseable {
  private static final String OWNER = "data set";

  /** Bytes of samples put together on the host at a time. */
  private static final int PIECE = 1 << 22;

  private final DeviceBuffer pixelMemory;
  private final DeviceBuffer labelMemory;
  private final Tensor pixels;
  private final Tensor labels;

  /**
   * Copies a data set to the device of a stream.
   *
   * @param data whose samples are bytes in memory, see {@link Placements#obstacle}
   * @param alternative what to do where the device has too little memory, for the message
   * @throws OutOfDeviceMemoryException where it has too little
   */
  public ResidentData(Stream stream, Dataset data, String alternative) {
    if (!ByteSamples.has(data)) {
      throw new IllegalArgumentException(
          "the data set does not keep its samples as bytes in memory");
    }
    Device device = stream.device();
    long bytes = Math.multiplyExact((long) data.size(), data.shape().size());
    try {
      pixelMemory = device.allocate(OWNER, bytes);
      try {
        labelMemory = device.allocateFloats(OWNER, data.size());
      } catch (RuntimeException | Error e) {
        pixelMemory.close();
        throw e;
      }
    } catch (OutOfDeviceMemoryException e) {
      throw new OutOfDeviceMemoryException(
          e.function(),
          "the data set of "
              + data.size()
              + " samples of "
              + data.shape()
              + " does not fit on "
              + device
              + "; "
              + alternative
              + "; "
              + e.getMessage());
    }
    pixels = pixelMemory.pixels();
    labels = labelMemory.ints();
    try {
      copy(stream, (ByteSamples) data);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Bytes [samples][channels][height][width]. */
  public Tensor pixels() {
    return pixels;
  }

  /** Integers [samples]. */
  public Tensor labels() {
    return labels;
  }

  /** Frees the device memory; a second call does nothing. */
  @Override
  public void close() {
    pixelMemory.close();
    labelMemory.close();
  }

  private void copy(Stream stream, ByteSamples data) {
    int size = data.shape().size();
    int atOnce = Math.max(1, Math.min(data.size(), PIECE / size));
    byte[] piece = new byte[atOnce * size];
    int[] known = new int[data.size()];
    for (int first = 0; first < known.length; first += atOnce) {
      int count = Math.min(atOnce, known.length - first);
      for (int i = 0; i < count; i++) {
        data.readBytes(first + i, piece, i * size);
        known[first + i] = data.label(first + i);
      }
      pixels
          .slice((long) first * size, (long) count * size)
          .upload(stream, count == atOnce ? piece : Arrays.copyOf(piece, count * size));
    }
    labels.upload(stream, known);
  }
}

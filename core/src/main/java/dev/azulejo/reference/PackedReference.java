package dev.azulejo.reference;

import dev.azulejo.ops.Bf16Packing;

/**
 * Channels last and back on the host, element by element: x[row][channel][position] and
 * packed[row][position][pitch] of {@link Bf16Packing}.
 */
public final class PackedReference {
  private final int rows;
  private final int channels;
  private final int positions;
  private final int pitch;

  /** The reference for sizes. */
  public PackedReference(long rows, long channels, long positions) {
    this.rows = Math.toIntExact(rows);
    this.channels = Math.toIntExact(channels);
    this.positions = Math.toIntExact(positions);
    pitch = Math.toIntExact(Bf16Packing.pitch(channels));
  }

  /** Elements up to the pitch included. */
  public int packedCount() {
    return rows * positions * pitch;
  }

  /** Channels last, zeros up to the pitch. */
  public short[] pack(short[] x) {
    short[] packed = new short[packedCount()];
    for (int i = 0; i < x.length; i++) {
      packed[at(i)] = x[i];
    }
    return packed;
  }

  /** Channels first. */
  public short[] unpack(short[] packed) {
    short[] x = new short[rows * channels * positions];
    for (int i = 0; i < x.length; i++) {
      x[i] = packed[at(i)];
    }
    return x;
  }

  /** Channels last of bytes, zeros up to the pitch. */
  public byte[] pack(int[] x) {
    byte[] packed = new byte[packedCount()];
    for (int i = 0; i < x.length; i++) {
      packed[at(i)] = (byte) x[i];
    }
    return packed;
  }

  /** Channels first of bytes 0 to 255. */
  public int[] unpack(byte[] packed) {
    int[] x = new int[rows * channels * positions];
    for (int i = 0; i < x.length; i++) {
      x[i] = Byte.toUnsignedInt(packed[at(i)]);
    }
    return x;
  }

  /** Whether all that lies between the channels and the pitch is zero. */
  public boolean endsInZeros(short[] packed) {
    for (int i = 0; i < packed.length; i++) {
      if (i % pitch >= channels && packed[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private int at(int element) {
    int row = element / (channels * positions);
    int channel = element / positions % channels;
    int position = element % positions;
    return (row * positions + position) * pitch + channel;
  }
}

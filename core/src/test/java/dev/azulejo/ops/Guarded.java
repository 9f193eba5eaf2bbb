package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.util.Arrays;

/**
 * A tensor in the middle of a larger buffer. On both sides lie sentinels, NaNs with a mark: an
 * operation that reads them gives NaN, one that writes them is found out. The tensor begins at an
 * odd element, so that no kernel may count on more than a float's alignment.
 */
public final class Guarded implements AutoCloseable {
  private static final int GUARD = 61;
  private static final int SENTINEL = 0x7fc0beef;
  private static final int POISON = 0x7fc0dead;

  private final String name;
  private final Stream stream;
  private final int[] initial;
  private final DeviceBuffer buffer;
  private final int count;

  private Guarded(Stream stream, String name, int[] contents) {
    this.name = name;
    this.stream = stream;
    this.count = contents.length;
    initial = new int[count + 2 * GUARD];
    Arrays.fill(initial, SENTINEL);
    System.arraycopy(contents, 0, initial, GUARD, count);
    buffer = stream.device().allocateFloats(name, initial.length);
    buffer.ints().upload(stream, initial);
  }

  /** An input. */
  public static Guarded of(Stream stream, String name, float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return new Guarded(stream, name, bits);
  }

  /** An input of integers. */
  public static Guarded of(Stream stream, String name, int[] values) {
    return new Guarded(stream, name, values);
  }

  /** An output of so many elements, poisoned. */
  public static Guarded output(Stream stream, String name, long count) {
    int[] poison = new int[Math.toIntExact(count)];
    Arrays.fill(poison, POISON);
    return new Guarded(stream, name, poison);
  }

  /** The tensor, as floats. */
  public Tensor floats() {
    return buffer.floats(GUARD, count);
  }

  /** The tensor, as integers. */
  public Tensor ints() {
    return buffer.ints(GUARD, count);
  }

  /** What an operation wrote; fails where it wrote outside. */
  public float[] written() {
    int[] bits = writtenInts();
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = Float.intBitsToFloat(bits[i]);
    }
    return values;
  }

  /** What an operation wrote, as integers or bits; fails where it wrote outside. */
  public int[] writtenInts() {
    int[] now = buffer.ints().toIntArray(stream);
    for (int i = 0; i < now.length; i++) {
      if ((i < GUARD || i >= GUARD + count) && now[i] != SENTINEL) {
        fail("element " + (i - GUARD) + " of " + name + ", which has " + count + ", was written");
      }
    }
    return Arrays.copyOfRange(now, GUARD, GUARD + count);
  }

  /** Fails where an operation changed anything. */
  public void assertUnchanged() {
    int[] now = buffer.ints().toIntArray(stream);
    for (int i = 0; i < now.length; i++) {
      int at = i - GUARD;
      assertEquals(
          initial[i], now[i], () -> "element " + at + " of input " + name + " was changed");
    }
  }

  @Override
  public void close() {
    buffer.close();
  }
}

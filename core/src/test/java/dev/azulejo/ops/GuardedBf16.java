package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.util.Arrays;

/**
 * As {@link Guarded}, a tensor of BF16: on 16 bytes, as they must begin, between sentinels that are
 * NaN.
 */
final class GuardedBf16 implements AutoCloseable {
  private static final int GUARD = 64;
  private static final short SENTINEL = 0x7fbe;
  private static final short POISON = 0x7fda;

  private final String name;
  private final Stream stream;
  private final short[] initial;
  private final DeviceBuffer buffer;
  private final int count;

  private GuardedBf16(Stream stream, String name, short[] contents) {
    this.name = name;
    this.stream = stream;
    count = contents.length;
    initial = new short[count + 2 * GUARD];
    Arrays.fill(initial, SENTINEL);
    System.arraycopy(contents, 0, initial, GUARD, count);
    buffer = stream.device().allocate(name, (long) initial.length * Short.BYTES);
    buffer.bf16().upload(stream, initial);
  }

  /** An input. */
  static GuardedBf16 of(Stream stream, String name, short[] bits) {
    return new GuardedBf16(stream, name, bits);
  }

  /** An output of so many elements, poisoned. */
  static GuardedBf16 output(Stream stream, String name, long count) {
    short[] poison = new short[Math.toIntExact(count)];
    Arrays.fill(poison, POISON);
    return new GuardedBf16(stream, name, poison);
  }

  /** The tensor. */
  Tensor tensor() {
    return buffer.bf16(GUARD, count);
  }

  /** What an operation wrote; fails where it wrote outside. */
  short[] written() {
    short[] now = buffer.bf16().toShortArray(stream);
    for (int i = 0; i < now.length; i++) {
      if (i < GUARD || i >= GUARD + count) {
        assertEquals(SENTINEL, now[i], "element " + (i - GUARD) + " of " + name + " of " + count);
      }
    }
    return Arrays.copyOfRange(now, GUARD, GUARD + count);
  }

  /** Fails where an operation changed anything. */
  void assertUnchanged() {
    short[] now = buffer.bf16().toShortArray(stream);
    assertArrayEquals(initial, now, "input " + name + " was changed");
  }

  @Override
  public void close() {
    buffer.close();
  }
}

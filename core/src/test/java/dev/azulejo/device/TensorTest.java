package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Views of buffers: bounds, copies, and what an operation may be given. */
class TensorTest extends DeviceTest {
  @Test
  void copiesThroughArraysOfAnySize() {
    // On both sides of the piece that copies pass through, 2^16 elements.
    for (int count : new int[] {1, 65_535, 65_536, 65_537, 200_001}) {
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = i;
      }
      try (DeviceBuffer buffer = device.allocateFloats("x", count + 2)) {
        Tensor all = buffer.floats();
        all.upload(stream, new float[count + 2]);
        buffer.floats(1, count).upload(stream, values);
        assertArrayEquals(values, buffer.floats(1, count).toArray(stream));
        float[] around = all.toArray(stream);
        assertEquals(0f, around[0]);
        assertEquals(0f, around[count + 1]);
      }
    }
  }

  @Test
  void copiesIntegersAndOffHeapMemory() {
    try (DeviceBuffer buffer = device.allocateFloats("x", 4);
        Arena arena = Arena.ofConfined()) {
      buffer.ints().upload(stream, new int[] {1, -2, 3, Integer.MIN_VALUE});
      assertArrayEquals(new int[] {1, -2, 3, Integer.MIN_VALUE}, buffer.ints().toIntArray(stream));
      MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 5, 6, 7, 8);
      buffer.floats().upload(stream, host);
      MemorySegment back = arena.allocate(16);
      buffer.floats().download(stream, back);
      assertEquals(-1, host.mismatch(back));
      // Only the first elements, for a shorter last mini-batch.
      buffer.floats().upload(stream, 1, arena.allocateFrom(ValueLayout.JAVA_FLOAT, 9));
      buffer.floats().download(stream, 2, back);
      assertArrayEquals(new float[] {9, 6, 7, 8}, back.toArray(ValueLayout.JAVA_FLOAT));
      buffer.floats().upload(stream, 0, MemorySegment.NULL);
      buffer.floats(2, 2).copyFrom(stream, buffer.floats(0, 2), 2);
      assertArrayEquals(new float[] {9, 6, 9, 6}, buffer.floats().toArray(stream));
    }
  }

  /** On both sides of the piece that copies pass through, and views of a part. */
  @Test
  void copiesBf16AndBytes() {
    for (int count : new int[] {2, 131_072, 131_074}) {
      short[] bits = new short[count];
      byte[] bytes = new byte[count];
      for (int i = 0; i < count; i++) {
        bits[i] = (short) (i * 7);
        bytes[i] = (byte) (i * 3);
      }
      try (DeviceBuffer buffer = device.allocate("x", 4L * count)) {
        buffer.bf16(0, count).upload(stream, bits);
        buffer.pixels(2L * count, count).upload(stream, bytes);
        assertArrayEquals(bits, buffer.bf16(0, count).toShortArray(stream));
        assertArrayEquals(bytes, buffer.pixels(2L * count, count).toByteArray(stream));
        assertEquals(2L * count, buffer.bf16().count());
        assertMessage(
            "target must have elements of type BF16, was: " + buffer.floats(),
            () -> buffer.floats().upload(stream, new short[2 * count]));
      }
    }
  }

  @Test
  void boundsAreChecked() {
    try (DeviceBuffer buffer = device.allocate("x", 42)) {
      String of = " are not inside buffer 'x' (42 bytes) of device " + kind + " 0, which has 10";
      assertOutOfBounds("elements 0 to 0 + 11" + of, () -> buffer.floats(0, 11));
      assertOutOfBounds("elements 10 to 10 + 1" + of, () -> buffer.floats(10, 1));
      assertOutOfBounds("elements -1 to -1 + 2" + of, () -> buffer.ints(-1, 2));
      assertOutOfBounds(
          "elements 9223372036854775807 to 9223372036854775807 + 2" + of,
          () -> buffer.floats(Long.MAX_VALUE, 2));
      assertOutOfBounds(
          "elements 2 to 2 + 9223372036854775807" + of, () -> buffer.floats(2, Long.MAX_VALUE));
      assertMessage("elements of a tensor must be at least 1, was 0", () -> buffer.floats(0, 0));
      assertMessage(
          "buffer 'x' (42 bytes) of device "
              + kind
              + " 0 is no whole number of elements of 4 bytes",
          buffer::floats);
      Tensor tensor = buffer.floats(2, 5);
      assertEquals(5, tensor.count());
      assertEquals(20, tensor.bytes());
      assertEquals(ElementType.F32, tensor.type());
      assertEquals(3, tensor.slice(2, 3).count());
      String inside =
          " are not inside F32 tensor of 5 elements at 2 in buffer 'x' (42 bytes) of device "
              + kind
              + " 0";
      assertOutOfBounds("elements 3 to 3 + 3" + inside, () -> tensor.slice(3, 3));
      assertOutOfBounds("elements -1 to -1 + 1" + inside, () -> tensor.slice(-1, 1));
    }
  }

  @Test
  void overlapIsOfElementsInUse() {
    try (DeviceBuffer buffer = device.allocateFloats("x", 10);
        DeviceBuffer other = device.allocateFloats("y", 10)) {
      Tensor low = buffer.floats(0, 6);
      Tensor high = buffer.floats(4, 6);
      assertTrue(low.overlaps(6, high, 6));
      assertTrue(high.overlaps(6, low, 6));
      assertFalse(low.overlaps(4, high, 6));
      assertFalse(low.overlaps(6, other.floats(), 10));
      assertTrue(low.startsWith(buffer.floats(0, 1)));
      assertFalse(low.startsWith(high));
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> high.copyFrom(stream, low, 5))
              .getMessage()
              .startsWith("source F32 tensor of 6 elements at 0 in buffer 'x'"));
    }
  }

  @Test
  void badCopiesAreRefused() {
    try (DeviceBuffer buffer = device.allocateFloats("x", 4);
        Arena arena = Arena.ofConfined()) {
      Tensor x = buffer.floats();
      String tensor =
          "F32 tensor of 4 elements at 0 in buffer 'x' (16 bytes) of device " + kind + " 0";
      assertMessage(
          "array must have as many elements as the tensor, 4 of 4 bytes, but has 12 bytes: "
              + tensor,
          () -> x.upload(stream, new float[3]));
      assertMessage(
          "array must have as many elements as the tensor, 4 of 4 bytes, but has 20 bytes: "
              + tensor,
          () -> x.download(stream, new float[5]));
      assertMessage(
          "target must have elements of type I32, was: " + tensor,
          () -> x.upload(stream, new int[4]));
      assertMessage(
          "source must have elements of type I32, was: " + tensor, () -> x.toIntArray(stream));
      assertMessage(
          "source must have as many elements as the tensor, 4 of 4 bytes, but has 8 bytes: "
              + tensor,
          () -> x.upload(stream, arena.allocate(8)));
      assertMessage(
          "source needs at least 16 bytes, has 8", () -> x.upload(stream, 4, arena.allocate(8)));
      assertMessage(
          "target needs at least 5 elements, has 4: " + tensor,
          () -> x.upload(stream, 5, arena.allocate(64)));
      assertMessage(
          "elements must be at least 0, was -1", () -> x.upload(stream, -1, arena.allocate(64)));
      assertMessage(
          "target is a segment on the Java heap; native code needs one from an Arena (or use an"
              + " array)",
          () -> x.download(stream, MemorySegment.ofArray(new float[4])));
      assertNull("values", () -> x.upload(stream, (float[]) null));
      assertNull("stream", () -> x.upload(null, new float[4]));
      assertNull("source", () -> x.upload(stream, (MemorySegment) null));
      assertNull("target", () -> x.download(stream, (MemorySegment) null));
      assertNull("source", () -> x.copyFrom(stream, null, 1));
    }
  }

  @Test
  void hostMemoryOutsideItsLifeOrThreadIsRefused() throws InterruptedException {
    try (DeviceBuffer buffer = device.allocateFloats("x", 4)) {
      Tensor x = buffer.floats();
      Arena arena = Arena.ofConfined();
      MemorySegment dead = arena.allocate(16);
      arena.close();
      assertEquals(
          "source belongs to an arena that is closed",
          assertThrows(IllegalStateException.class, () -> x.upload(stream, dead)).getMessage());
      var foreign = new MemorySegment[1];
      var hold = new CountDownLatch(1);
      var made = new CountDownLatch(1);
      Thread owner =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (Arena own = Arena.ofConfined()) {
                      foreign[0] = own.allocate(16);
                      made.countDown();
                      hold.await();
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  });
      made.await();
      var e = assertThrows(IllegalStateException.class, () -> x.download(stream, foreign[0]));
      hold.countDown();
      owner.join();
      assertTrue(
          e.getMessage().startsWith("target is confined to another thread than Thread["),
          e.getMessage());
    }
  }

  @Test
  void tensorsOfClosedBuffersAndOtherDevicesAreRefused() {
    DeviceBuffer buffer = device.allocateFloats("x", 4);
    Tensor x = buffer.floats();
    try (Device other = Device.open(kind)) {
      assertMessage(
          "target is on another device than the stream: "
              + x
              + ", and stream of device "
              + kind
              + " 0",
          () -> x.upload(other.stream(), new float[4]));
    }
    buffer.close();
    String closed = "buffer 'x' (16 bytes) of device " + kind + " 0 is closed";
    for (Executable use :
        new Executable[] {
          () -> x.upload(stream, new float[4]),
          () -> x.toArray(stream),
          () -> x.slice(0, 1),
          () -> buffer.floats(),
          () -> x.argument(stream, ElementType.F32, 1, "x")
        }) {
      assertEquals(closed, assertThrows(IllegalStateException.class, use).getMessage());
    }
  }

  private static void assertMessage(String message, Executable executable) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, executable).getMessage());
  }

  private static void assertOutOfBounds(String message, Executable executable) {
    assertEquals(message, assertThrows(IndexOutOfBoundsException.class, executable).getMessage());
  }

  private static void assertNull(String name, Executable executable) {
    assertEquals(name, assertThrows(NullPointerException.class, executable).getMessage());
  }
}

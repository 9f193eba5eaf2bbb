package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the native library refuses by itself about devices, streams, memory and copies. */
class NativeDeviceValidationTest extends DeviceTest {
  private static final MemorySegment NULL = MemorySegment.NULL;

  private Arena arena;
  private DeviceBuffer buffer;
  private MemorySegment queue;
  private MemorySegment memory;
  private MemorySegment out;

  @BeforeEach
  void allocate() {
    arena = Arena.ofConfined();
    buffer = device.allocateFloats("test", 64);
    queue = stream.handle();
    memory = buffer.floats(0, 32).argument(stream, ElementType.F32, 1, "x");
    out = buffer.floats(32, 32).argument(stream, ElementType.F32, 1, "y");
  }

  @AfterEach
  void free() {
    buffer.close();
    arena.close();
  }

  @Test
  void devicesStreamsAndMemory() {
    MemorySegment pointer = arena.allocate(8, 8);
    refused("kind is 3;", azulejo_h.azj_device_count(3, pointer));
    refused("kind is -1;", azulejo_h.azj_device_open(-1, 0, pointer));
    refused("count is NULL", azulejo_h.azj_device_count(0, NULL));
    refused("device is NULL", azulejo_h.azj_device_open(0, 0, NULL));
    assertEquals(
        Status.NO_DEVICE,
        Status.of(azulejo_h.azj_device_open(azulejo_h.AZJ_DEVICE_CPU(), 7, pointer)));
    assertText("CPU device 7 was asked for");
    assertEquals(0, pointer.get(azulejo_h.C_LONG, 0), "the device is NULL after a failure");
    refused("device is NULL", azulejo_h.azj_device_query(NULL, pointer));
    refused("device is NULL", azulejo_h.azj_stream_open(NULL, 1, pointer));
    refused("device is NULL", azulejo_h.azj_alloc(NULL, 4, pointer));
    refused("device is NULL", azulejo_h.azj_live_bytes(NULL, pointer));
    refused("stream is NULL", azulejo_h.azj_synchronize(NULL));
    refused("stream is NULL", azulejo_h.azj_stream_threads(NULL, pointer));
    assertEquals(0, azulejo_h.azj_device_close(NULL));
    assertEquals(0, azulejo_h.azj_stream_close(NULL));
    assertEquals(0, azulejo_h.azj_device_open(azulejo_h.AZJ_DEVICE_CPU(), 0, pointer));
    MemorySegment cpu = pointer.get(azulejo_h.C_POINTER, 0);
    refused("threads is -1;", azulejo_h.azj_stream_open(cpu, -1, pointer));
    refused("threads is 1025;", azulejo_h.azj_stream_open(cpu, 1025, pointer));
    refused("bytes is 0", azulejo_h.azj_alloc(cpu, 0, pointer));
    refused("memory is NULL", azulejo_h.azj_alloc(cpu, 4, NULL));
    assertEquals(Status.OUT_OF_MEMORY, Status.of(azulejo_h.azj_alloc(cpu, -1L, pointer)));
    assertText("18446744073709551615");
    assertEquals(0, azulejo_h.azj_alloc(cpu, 5, pointer));
    MemorySegment five = pointer.get(azulejo_h.C_POINTER, 0);
    assertEquals(0, five.address() % 256, "alignment");
    refused("5 live bytes", azulejo_h.azj_device_close(cpu));
    MemorySegment inside = MemorySegment.ofAddress(five.address() + 1);
    refused("", azulejo_h.azj_free(cpu, inside));
    assertEquals(0, azulejo_h.azj_free(cpu, NULL));
    assertEquals(0, azulejo_h.azj_free(cpu, five));
    refused("", azulejo_h.azj_free(cpu, five)); // freed twice
    assertEquals(0, azulejo_h.azj_stream_open(cpu, 1, pointer));
    MemorySegment own = pointer.get(azulejo_h.C_POINTER, 0);
    refused("1 open streams", azulejo_h.azj_device_close(cpu));
    assertEquals(0, azulejo_h.azj_stream_close(own));
    assertEquals(0, azulejo_h.azj_device_close(cpu));
  }

  @Test
  void copies() {
    MemorySegment host = arena.allocate(64);
    refused("device_dst is NULL", azulejo_h.azj_upload(queue, NULL, host, 4));
    refused("host_src is NULL", azulejo_h.azj_upload(queue, memory, NULL, 4));
    refused("host_dst is NULL", azulejo_h.azj_download(queue, NULL, memory, 4));
    refused("device_src is NULL", azulejo_h.azj_copy(queue, memory, NULL, 4));
    refused("overlap", azulejo_h.azj_copy(queue, memory, memory, 4));
    refused("stream is NULL", azulejo_h.azj_copy(NULL, memory, out, 4));
    assertEquals(0, azulejo_h.azj_copy(queue, memory, out, 4));
    assertEquals(0, azulejo_h.azj_upload(queue, NULL, NULL, 0));
  }

  private static void refused(String text, int status) {
    assertEquals(Status.INVALID_ARGUMENT, Status.of(status), text);
    assertText(text);
  }

  private static void assertText(String text) {
    String error = azulejo_h.azj_last_error().getString(0);
    assertTrue(error.contains(text), "'" + error + "' should contain '" + text + "'");
  }
}

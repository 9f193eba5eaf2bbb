package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The native functions that give and take back memory of a device. */
final class NativeMemory {
  private NativeMemory() {}

  static MemorySegment allocate(MemorySegment device, long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(azulejo_h.C_POINTER);
      NativeCall.check(azulejo_h.azj_alloc(device, bytes, out), "azj_alloc");
      return out.get(azulejo_h.C_POINTER, 0);
    }
  }

  static MemorySegment allocateHost(MemorySegment device, long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(azulejo_h.C_POINTER);
      NativeCall.check(azulejo_h.azj_host_alloc(device, bytes, out), "azj_host_alloc");
      return out.get(azulejo_h.C_POINTER, 0);
    }
  }

  static void free(MemorySegment device, MemorySegment memory) {
    NativeCall.check(azulejo_h.azj_free(device, memory), "azj_free");
  }

  static void freeHost(MemorySegment device, MemorySegment memory) {
    NativeCall.check(azulejo_h.azj_host_free(device, memory), "azj_host_free");
  }

  /** Bytes that {@link #allocate} has given and {@link #free} not taken back. */
  static long liveBytes(MemorySegment device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(azulejo_h.C_LONG);
      NativeCall.check(azulejo_h.azj_live_bytes(device, bytes), "azj_live_bytes");
      return bytes.get(azulejo_h.C_LONG, 0);
    }
  }
}

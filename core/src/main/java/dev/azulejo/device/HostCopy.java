package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Copies between the host's memory and devices. Native code cannot be given an array that the
 * garbage collector may move, so arrays pass through a piece of off-heap memory.
 */
final class HostCopy {
  /** Large enough that the calls do not count, small enough to stay in cache. */
  private static final long PIECE_BYTES = 1 << 18;

  private HostCopy() {}

  static void upload(Stream stream, Tensor target, ElementType type, MemorySegment array) {
    Objects.requireNonNull(stream, "stream");
    checkSize(target, array.byteSize(), "array");
    target.argument(stream, type, target.count(), "target");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(Math.min(PIECE_BYTES, array.byteSize()));
      for (long at = 0; at < array.byteSize(); at += piece.byteSize()) {
        long bytes = Math.min(piece.byteSize(), array.byteSize() - at);
        MemorySegment.copy(array, at, piece, 0, bytes);
        NativeCall.check(
            azulejo_h.azj_upload(stream.handle(), target.from(at), piece, bytes), "azj_upload");
      }
    }
  }

  static void download(Stream stream, Tensor source, ElementType type, MemorySegment array) {
    Objects.requireNonNull(stream, "stream");
    checkSize(source, array.byteSize(), "array");
    source.argument(stream, type, source.count(), "source");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(Math.min(PIECE_BYTES, array.byteSize()));
      for (long at = 0; at < array.byteSize(); at += piece.byteSize()) {
        long bytes = Math.min(piece.byteSize(), array.byteSize() - at);
        NativeCall.check(
            azulejo_h.azj_download(stream.handle(), piece, source.from(at), bytes), "azj_download");
        MemorySegment.copy(piece, 0, array, at, bytes);
      }
    }
  }

  static void upload(Stream stream, Tensor target, long elements, MemorySegment source, long from) {
    Objects.requireNonNull(stream, "stream");
    Sizes.atLeast(0, elements, "elements");
    MemorySegment to = target.argument(stream, target.type(), elements, "target");
    long bytes = elements * target.type().bytes();
    long begin = Sizes.atLeast(0, from, "from") * target.type().bytes();
    checkHost(source, begin + bytes, "source");
    // A slice is an object: the usual call, from the beginning, makes none even before it is
    // compiled.
    MemorySegment part = begin == 0 ? source : source.asSlice(begin);
    NativeCall.check(azulejo_h.azj_upload(stream.handle(), to, part, bytes), "azj_upload");
  }

  static void download(Stream stream, Tensor source, long elements, MemorySegment target) {
    Objects.requireNonNull(stream, "stream");
    Sizes.atLeast(0, elements, "elements");
    MemorySegment from = source.argument(stream, source.type(), elements, "source");
    long bytes = elements * source.type().bytes();
    checkHost(target, bytes, "target");
    NativeCall.check(azulejo_h.azj_download(stream.handle(), target, from, bytes), "azj_download");
  }

  static void uploadAsync(
      Stream stream, Tensor target, long elements, HostBuffer source, MemorySegment part) {
    Objects.requireNonNull(stream, "stream");
    Objects.requireNonNull(source, "source");
    Sizes.atLeast(0, elements, "elements");
    MemorySegment to = target.argument(stream, target.type(), elements, "target");
    long bytes = elements * target.type().bytes();
    MemorySegment from = source.argument(stream, part, bytes, "source");
    NativeCall.check(
        azulejo_h.azj_upload_async(stream.handle(), to, from, bytes), "azj_upload_async");
  }

  static void downloadAsync(Stream stream, Tensor source, long elements, HostBuffer target) {
    Objects.requireNonNull(stream, "stream");
    Objects.requireNonNull(target, "target");
    Sizes.atLeast(0, elements, "elements");
    MemorySegment from = source.argument(stream, source.type(), elements, "source");
    long bytes = elements * source.type().bytes();
    MemorySegment to = target.argument(stream, target.segment(), bytes, "target");
    NativeCall.check(
        azulejo_h.azj_download_async(stream.handle(), to, from, bytes), "azj_download_async");
  }

  /** Checks that host memory is as large as a tensor. */
  static void checkSize(Tensor tensor, long bytes, String name) {
    if (bytes != tensor.bytes()) {
      throw new IllegalArgumentException(
          name
              + " must have as many elements as the tensor, "
              + tensor.count()
              + " of "
              + tensor.type().bytes()
              + " bytes, but has "
              + bytes
              + " bytes: "
              + tensor);
    }
  }

  /** Checks that host memory can be given to native code and is large enough. */
  static void checkHost(MemorySegment memory, long bytes, String name) {
    Objects.requireNonNull(memory, name);
    if (!memory.isNative()) {
      throw new IllegalArgumentException(
          name
              + " is a segment on the Java heap; native code needs one from an Arena (or use an"
              + " array)");
    }
    if (!memory.scope().isAlive() || !memory.isAccessibleBy(Thread.currentThread())) {
      // The JDK would notice too, but the generated bindings make an AssertionError of it.
      throw new IllegalStateException(
          name
              + (memory.scope().isAlive()
                  ? " is confined to another thread than " + Thread.currentThread()
                  : " belongs to an arena that is closed"));
    }
    if (memory.byteSize() < bytes) {
      throw new IllegalArgumentException(
          name + " needs at least " + bytes + " bytes, has " + memory.byteSize());
    }
  }
}

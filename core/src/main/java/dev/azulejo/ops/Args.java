package dev.azulejo.ops;

import dev.azulejo.device.ElementType;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Checks shared by all operations; where they pass they allocate nothing. */
final class Args {
  private Args() {}

  /** The native stream, checked to be open and of this thread. */
  static MemorySegment stream(Stream stream) {
    return Objects.requireNonNull(stream, "stream").handle();
  }

  /** A tensor of floats as a native argument. */
  static MemorySegment floats(Stream stream, Tensor tensor, long needed, String name) {
    return Objects.requireNonNull(tensor, name).argument(stream, ElementType.F32, needed, name);
  }

  /** A tensor of 32-bit integers as a native argument. */
  static MemorySegment ints(Stream stream, Tensor tensor, long needed, String name) {
    return Objects.requireNonNull(tensor, name).argument(stream, ElementType.I32, needed, name);
  }

  /** A tensor of 64-bit integers as a native argument. */
  static MemorySegment longs(Stream stream, Tensor tensor, long needed, String name) {
    return Objects.requireNonNull(tensor, name).argument(stream, ElementType.I64, needed, name);
  }

  /** A tensor of bytes as a native argument. */
  static MemorySegment pixels(Stream stream, Tensor tensor, long needed, String name) {
    return Objects.requireNonNull(tensor, name).argument(stream, ElementType.U8, needed, name);
  }

  /** A tensor of BF16 as a native argument. */
  static MemorySegment bf16(Stream stream, Tensor tensor, long needed, String name) {
    return Objects.requireNonNull(tensor, name).argument(stream, ElementType.BF16, needed, name);
  }

  /** As {@link #pixels}, or NULL for a tensor that may be left out and is. */
  static MemorySegment pixelsOrNull(Stream stream, Tensor tensor, long needed, String name) {
    return tensor == null ? MemorySegment.NULL : pixels(stream, tensor, needed, name);
  }

  /** As {@link #floats}, or NULL for a tensor that may be left out and is. */
  static MemorySegment floatsOrNull(Stream stream, Tensor tensor, long needed, String name) {
    return tensor == null ? MemorySegment.NULL : floats(stream, tensor, needed, name);
  }

  /** As {@link #ints}, or NULL for a tensor that may be left out and is. */
  static MemorySegment intsOrNull(Stream stream, Tensor tensor, long needed, String name) {
    return tensor == null ? MemorySegment.NULL : ints(stream, tensor, needed, name);
  }

  /** The elements of a matrix, both sizes at least 1. */
  static long matrix(long rows, String rowsName, long columns, String columnsName) {
    Sizes.atLeast(1, rows, rowsName);
    Sizes.atLeast(1, columns, columnsName);
    return Sizes.multiply(rows, rowsName, columns, columnsName);
  }

  /** Checks that an output shares no memory with another argument, which may be null. */
  static void apart(
      Tensor out, long outCount, String outName, Tensor other, long otherCount, String name) {
    if (other != null && out.overlaps(outCount, other, otherCount)) {
      throw new IllegalArgumentException(
          outName
              + " overlaps "
              + name
              + ", which this operation still reads or writes: "
              + out
              + ", and "
              + other);
    }
  }

  /** Checks that an output is exactly where an input of the same size is, or apart from it. */
  static void inPlaceOrApart(Tensor out, String outName, Tensor in, String name, long count) {
    if (!out.startsWith(in)) {
      apart(out, count, outName, in, count, name);
    }
  }
}

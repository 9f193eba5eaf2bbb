package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Between float32 with channels first and BF16 with channels last: x[row][channel][position] and
 * packed[row][position][{@link #pitch}]. For images rows are samples and positions pixels; for the
 * weights of a convolution rows are filters and positions the taps of the kernel.
 */
public final class Bf16Packing {
  /** Elements of BF16 that devices read and write at once: 16 bytes. */
  private static final long GRANULE = 8;

  private Bf16Packing() {}

  /**
   * Elements from one position to the next: the channels rounded up to a multiple of 8. Those
   * behind the channels are zeros.
   */
  public static long pitch(long channels) {
    Sizes.atLeast(1, channels, "channels");
    return Sizes.add(channels, "channels", GRANULE - 1, "7") / GRANULE * GRANULE;
  }

  /** Elements of a packed tensor. */
  public static long count(long rows, long channels, long positions) {
    long pitch = pitch(channels);
    long pixels =
        Sizes.multiply(
            Sizes.atLeast(1, rows, "rows"),
            "rows",
            Sizes.atLeast(1, positions, "positions"),
            "positions");
    return Sizes.multiply(pixels, "rows * positions", pitch, "channels rounded up to 8");
  }

  /**
   * packed[row][position][channel] = x[row][channel][position], rounded to nearest, ties to even.
   *
   * @param x floats
   * @param packed BF16, {@link #count} elements, overwritten
   */
  public static void pack(
      Stream stream, long rows, long channels, long positions, Tensor x, Tensor packed) {
    MemorySegment queue = Args.stream(stream);
    long there = count(rows, channels, positions);
    long here = rows * channels * positions; // less than those there
    MemorySegment xs = Args.floats(stream, x, here, "x");
    MemorySegment ps = Args.bf16(stream, packed, there, "packed");
    Args.apart(packed, there, "packed", x, here, "x");
    NativeCall.check(
        azulejo_h.azj_bf16_pack(queue, rows, channels, positions, xs, ps), "azj_bf16_pack");
  }

  /**
   * x[row][channel][position] = packed[row][position][channel].
   *
   * @param packed BF16, {@link #count} elements
   * @param x floats, overwritten
   */
  public static void unpack(
      Stream stream, long rows, long channels, long positions, Tensor packed, Tensor x) {
    MemorySegment queue = Args.stream(stream);
    long there = count(rows, channels, positions);
    long here = rows * channels * positions;
    MemorySegment ps = Args.bf16(stream, packed, there, "packed");
    MemorySegment xs = Args.floats(stream, x, here, "x");
    Args.apart(x, here, "x", packed, there, "packed");
    NativeCall.check(
        azulejo_h.azj_bf16_unpack(queue, rows, channels, positions, ps, xs), "azj_bf16_unpack");
  }
}

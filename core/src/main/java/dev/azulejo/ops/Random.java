package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Random numbers made on the device by Philox4x32-10 (Salmon et al., "Parallel random numbers: as
 * easy as 1, 2, 3", SC 2011): a number is a function of the seed and its position, so every device
 * gives the same ones. Each call moves the state on.
 */
public final class Random {
  private Random() {}

  /**
   * x[i] = low + (high - low) * u, u a multiple of 2^-24, 0 inclusive to 1 exclusive.
   *
   * @param count how many, at least 1
   * @param high at least low; both finite
   */
  public static void uniform(
      Stream stream, RandomState state, long count, float low, float high, Tensor x) {
    MemorySegment queue = Args.stream(stream);
    MemorySegment from = Objects.requireNonNull(state, "state").argument(stream);
    MemorySegment xs = Args.floats(stream, x, Sizes.atLeast(1, count, "count"), "x");
    NativeCall.check(
        azulejo_h.azj_random_uniform(queue, from, count, low, high, xs), "azj_random_uniform");
  }

  /**
   * x[i] = mean + deviation * n, n normally distributed (Box and Muller). Devices round its
   * logarithm and cosine differently, in the last digits.
   *
   * @param count how many, at least 1
   * @param deviation at least 0; both finite
   */
  public static void normal(
      Stream stream, RandomState state, long count, float mean, float deviation, Tensor x) {
    MemorySegment queue = Args.stream(stream);
    MemorySegment from = Objects.requireNonNull(state, "state").argument(stream);
    MemorySegment xs = Args.floats(stream, x, Sizes.atLeast(1, count, "count"), "x");
    NativeCall.check(
        azulejo_h.azj_random_normal(queue, from, count, mean, deviation, xs), "azj_random_normal");
  }
}

package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azj_gather_desc;
import dev.azulejo.device.Sizes;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The shapes of a mini-batch x[batch][channels][height][width] that is gathered from a data set of
 * bytes pixels[samples][channels][height][width].
 *
 * <p>Immutable but for {@link #setBatch}; used by one thread at a time.
 */
public final class GatherProblem {
  /** Distances in a list are 16-bit integers. */
  private static final long MOST_PIXELS = Short.MAX_VALUE;

  private final MemorySegment descriptor = azj_gather_desc.allocate(Arena.ofAuto());
  private final long channels;
  private final long sampleCount;
  private final long samples;
  private final Border border;
  private long batch;
  private long count;

  /**
   * A problem.
   *
   * @param height of an image, at most 32767; width likewise
   * @param samples of the data set, below 2^31
   * @param border what comes into view where an image is moved
   * @throws IllegalArgumentException where a size is out of range or a product does not fit 64 bits
   */
  public GatherProblem(
      long batch, long channels, long height, long width, long samples, Border border) {
    this.channels = Sizes.atLeast(1, channels, "channels");
    atMost(MOST_PIXELS, Sizes.atLeast(1, height, "height"), "height");
    atMost(MOST_PIXELS, Sizes.atLeast(1, width, "width"), "width");
    this.samples = Sizes.atLeast(1, samples, "samples");
    atMost(Integer.MAX_VALUE, samples, "samples");
    this.border = Objects.requireNonNull(border, "border");
    sampleCount = Sizes.product("channels * height * width", channels, height, width);
    Sizes.multiply(samples, "samples", sampleCount, "pixels per sample");
    azj_gather_desc.channels(descriptor, channels);
    azj_gather_desc.height(descriptor, height);
    azj_gather_desc.width(descriptor, width);
    azj_gather_desc.samples(descriptor, samples);
    azj_gather_desc.border(descriptor, border.code());
    setBatch(batch);
  }

  /**
   * Sets the number of samples to gather; allocates nothing.
   *
   * @param batch at least 1
   * @throws IllegalArgumentException where it is less, or x then does not fit 64 bits; nothing is
   *     changed then
   */
  public void setBatch(long batch) {
    Sizes.atLeast(1, batch, "batch");
    long all = Sizes.multiply(batch, "batch", sampleCount, "elements of x per sample");
    Sizes.bytes(all, "x");
    this.batch = batch;
    count = all;
    azj_gather_desc.batch(descriptor, batch);
  }

  /** Samples of the mini-batch. */
  public long batch() {
    return batch;
  }

  /** Channels of a sample. */
  public long channels() {
    return channels;
  }

  /** Samples of the data set. */
  public long samples() {
    return samples;
  }

  /** Elements of x[batch][channels][height][width]. */
  public long count() {
    return count;
  }

  /** Bytes of pixels[samples][channels][height][width]. */
  public long pixelCount() {
    return samples * sampleCount;
  }

  /** The problem in words. */
  @Override
  public String toString() {
    return "batch " + batch + " of " + samples + " samples of " + sampleCount + ", " + border;
  }

  /** The C struct, for a list of so many items. */
  MemorySegment descriptor(long items) {
    azj_gather_desc.items(descriptor, items);
    return descriptor;
  }

  private static void atMost(long most, long value, String name) {
    if (value > most) {
      throw new IllegalArgumentException(name + " must be at most " + most + ", was " + value);
    }
  }
}

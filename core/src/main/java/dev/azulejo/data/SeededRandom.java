package dev.azulejo.data;

import java.util.random.RandomGenerator;

/**
 * SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014,
 * fig. 18): the source of everything random in Azulejo.
 *
 * <p>Why not the JDK's: an instance can be {@linkplain #reseed set to a new seed} without
 * allocating, so each sample gets its own sequence from (seed, epoch, index); and the distributions
 * below are written out, so that a JDK that changes its algorithms does not change anybody's
 * training run.
 *
 * <p>Not thread-safe: one instance for each thread. Not for secrets.
 */
public final class SeededRandom implements RandomGenerator {

  private static final long GAMMA = 0x9e3779b97f4a7c15L;

  private long state;
  private double spareGaussian;
  private boolean hasSpareGaussian;

  /** A generator whose sequence is determined by {@code seed}. */
  public SeededRandom(long seed) {
    reseed(seed);
  }

  /** Starts over, as if newly made with {@code seed}. */
  public void reseed(long seed) {
    state = seed;
    hasSpareGaussian = false;
  }

  /**
   * One seed from two, such as a seed and an epoch; different pairs give unrelated seeds, and
   * {@code (a, b)} differs from {@code (b, a)}. Chain it for more: {@code combine(combine(seed,
   * epoch), index)}.
   */
  public static long combine(long seed, long part) {
    return finish(finish(seed + GAMMA) ^ (part * 0xd1342543de82ef95L + GAMMA));
  }

  @Override
  public long nextLong() {
    state += GAMMA;
    return finish(state);
  }

  /**
   * A whole number, 0 inclusive to {@code bound} exclusive, every one equally likely (Lemire, "Fast
   * random integer generation in an interval", 2019).
   *
   * @throws IllegalArgumentException if {@code bound} is not positive
   */
  @Override
  public int nextInt(int bound) {
    if (bound <= 0) {
      throw new IllegalArgumentException("bound " + bound + " must be positive");
    }
    long product = (nextLong() >>> 32) * bound;
    long low = product & 0xffffffffL;
    if (low < bound) {
      // Reject the few values that would make some results likelier than others.
      long threshold = ((1L << 32) - bound) % bound;
      while (low < threshold) {
        product = (nextLong() >>> 32) * bound;
        low = product & 0xffffffffL;
      }
    }
    return (int) (product >>> 32);
  }

  /** A whole number, {@code origin} inclusive to {@code bound} exclusive. */
  @Override
  public int nextInt(int origin, int bound) {
    return origin + nextInt(Math.subtractExact(bound, origin));
  }

  /** A multiple of 2^-24, 0 inclusive to 1 exclusive. */
  @Override
  public float nextFloat() {
    return (nextLong() >>> 40) * 0x1p-24f;
  }

  /** A multiple of 2^-53, 0 inclusive to 1 exclusive. */
  @Override
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1p-53;
  }

  /** A double, {@code origin} inclusive to {@code bound} exclusive up to rounding. */
  @Override
  public double nextDouble(double origin, double bound) {
    return origin + (bound - origin) * nextDouble();
  }

  @Override
  public boolean nextBoolean() {
    return nextLong() < 0;
  }

  /**
   * From the normal distribution with mean 0 and standard deviation 1 (Marsaglia's polar method).
   * StrictMath, because Math.log may round differently from machine to machine.
   */
  @Override
  public double nextGaussian() {
    if (hasSpareGaussian) {
      hasSpareGaussian = false;
      return spareGaussian;
    }
    double x;
    double y;
    double square;
    do {
      x = 2 * nextDouble() - 1;
      y = 2 * nextDouble() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square == 0);
    double factor = StrictMath.sqrt(-2 * StrictMath.log(square) / square);
    spareGaussian = y * factor;
    hasSpareGaussian = true;
    return x * factor;
  }

  /** Puts an array into a random order, each order equally likely (Fisher and Yates). */
  public void shuffle(int[] values) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = nextInt(i + 1);
      int swapped = values[i];
      values[i] = values[j];
      values[j] = swapped;
    }
  }

  private static long finish(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}

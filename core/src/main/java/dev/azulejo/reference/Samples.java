package dev.azulejo.reference;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Data for comparisons, the same in every run. */
public final class Samples {
  private final RandomGenerator random;

  /** Data of a seed. */
  public Samples(long seed) {
    random = RandomGeneratorFactory.of("SplittableRandom").create(seed);
  }

  /** So many numbers in [-1, 1). */
  public float[] uniform(long count) {
    float[] values = new float[Math.toIntExact(count)];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat() * 2 - 1;
    }
    return values;
  }

  /** So many numbers in [-limit, limit). */
  public float[] uniform(long count, float limit) {
    float[] values = uniform(count);
    for (int i = 0; i < values.length; i++) {
      values[i] *= limit;
    }
    return values;
  }

  /** So many labels in 0..classes-1. */
  public int[] labels(int count, int classes) {
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      labels[i] = random.nextInt(classes);
    }
    return labels;
  }
}

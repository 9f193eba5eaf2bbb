package dev.azulejo.data;

import java.util.Arrays;
import java.util.Objects;

/**
 * A data set cut into parts to learn from, to choose by, and to measure on (row T1). Every sample
 * is in exactly one part; inside a part the samples keep the order of the whole.
 *
 * @param train the samples to learn from
 * @param validation the samples that stop or tune training; may be empty
 * @param test the samples that only measure; may be empty
 */
public record Splits(Subset train, Subset validation, Subset test) {

  /** Checks that no part is null. */
  public Splits {
    Objects.requireNonNull(train, "train");
    Objects.requireNonNull(validation, "validation");
    Objects.requireNonNull(test, "test");
  }

  /**
   * Cuts at random: {@code round(fraction * size)} samples go to the validation and the test part,
   * the rest to train.
   *
   * @param data the whole
   * @param validationFraction 0 to 1
   * @param testFraction 0 to 1; both together leave something to train on
   * @param seed decides which samples go where
   * @throws IllegalArgumentException if a fraction is out of range, or nothing is left for train
   */
  public static Splits random(
      Dataset data, double validationFraction, double testFraction, long seed) {
    int[] order = new int[data.size()];
    Arrays.setAll(order, i -> i);
    new SeededRandom(seed).shuffle(order);
    return cut(data, order, validationFraction, testFraction);
  }

  /**
   * As {@link #random}, and every class is in each part in proportion to its size, up to two
   * samples.
   *
   * @param data the whole
   * @param validationFraction 0 to 1
   * @param testFraction 0 to 1; both together leave something to train on
   * @param seed decides which samples go where
   * @throws IllegalArgumentException if a fraction is out of range, or nothing is left for train
   */
  public static Splits stratified(
      Dataset data, double validationFraction, double testFraction, long seed) {
    // Each class, shuffled, is spread evenly over 0..1; read from left to right, any stretch of the
    // result holds the
    // classes in proportion. The key's fraction sits above the sample's index, so sorting the keys
    // sorts the samples.
    SeededRandom random = new SeededRandom(seed);
    long[] keys = new long[data.size()];
    int filled = 0;
    for (int label = 0; label < data.classes(); label++) {
      int[] members = members(data, label);
      random.shuffle(members);
      for (int i = 0; i < members.length; i++) {
        long position = (long) ((i + 0.5) / members.length * 0x1p32);
        keys[filled++] = position << 31 | members[i];
      }
    }
    Arrays.sort(keys);
    int[] order = new int[keys.length];
    Arrays.setAll(order, i -> (int) (keys[i] & Integer.MAX_VALUE));
    return cut(data, order, validationFraction, testFraction);
  }

  private static int[] members(Dataset data, int label) {
    int[] members = new int[data.size()];
    int count = 0;
    for (int i = 0; i < members.length; i++) {
      if (data.label(i) == label) {
        members[count++] = i;
      }
    }
    return Arrays.copyOf(members, count);
  }

  private static Splits cut(
      Dataset data, int[] order, double validationFraction, double testFraction) {
    if (!(validationFraction >= 0 && testFraction >= 0 && validationFraction + testFraction < 1)) {
      throw new IllegalArgumentException(
          "validation fraction %s and test fraction %s must be at least 0 and together below 1"
              .formatted(validationFraction, testFraction));
    }
    int validation = (int) Math.round(order.length * validationFraction);
    int test = (int) Math.round(order.length * testFraction);
    if (validation + test >= order.length) {
      throw new IllegalArgumentException(
          "splitting %s samples with validation fraction %s and test fraction %s leaves none to train on"
              .formatted(order.length, validationFraction, testFraction));
    }
    return new Splits(
        part(data, order, validation + test, order.length),
        part(data, order, 0, validation),
        part(data, order, validation, validation + test));
  }

  private static Subset part(Dataset data, int[] order, int from, int to) {
    int[] indices = Arrays.copyOfRange(order, from, to);
    Arrays.sort(indices);
    return Subset.of(data, indices);
  }
}

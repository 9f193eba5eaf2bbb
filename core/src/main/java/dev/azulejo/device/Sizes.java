package dev.azulejo.device;

/** Arithmetic on sizes that says what went wrong instead of wrapping round. */
public final class Sizes {
  private Sizes() {}

  /**
   * A value that must be at least a minimum.
   *
   * @param name what it is, for the message
   * @throws IllegalArgumentException naming the value and the minimum
   */
  public static long atLeast(long minimum, long value, String name) {
    if (value < minimum) {
      throw new IllegalArgumentException(name + " must be at least " + minimum + ", was " + value);
    }
    return value;
  }

  /**
   * The product of two sizes.
   *
   * @throws IllegalArgumentException naming both where the product does not fit 64 bits
   */
  public static long multiply(long a, String nameA, long b, String nameB) {
    long high = Math.multiplyHigh(a, b);
    long low = a * b;
    // The product fits where the high half is only the sign of the low half.
    if (high != low >> 63) {
      throw new IllegalArgumentException(
          nameA + " * " + nameB + " = " + a + " * " + b + " does not fit 64 bits");
    }
    return low;
  }

  /**
   * The sum of two sizes, each at least 0.
   *
   * @throws IllegalArgumentException naming both where the sum does not fit 64 bits
   */
  public static long add(long a, String nameA, long b, String nameB) {
    long sum = a + b;
    if (sum < 0) {
      throw new IllegalArgumentException(
          nameA + " + " + nameB + " = " + a + " + " + b + " does not fit 64 bits");
    }
    return sum;
  }

  /**
   * The product of several sizes, each at least 0.
   *
   * @param names the factors' names in order, such as "batch * channels * height * width"
   * @throws IllegalArgumentException naming the factors where the product does not fit 64 bits
   */
  public static long product(String names, long... factors) {
    long product = 1;
    for (long factor : factors) {
      if (Math.multiplyHigh(product, factor) != product * factor >> 63) {
        throw new IllegalArgumentException(
            names + " = " + joined(factors) + " does not fit 64 bits");
      }
      product *= factor;
    }
    return product;
  }

  /**
   * The bytes of so many elements of 4 bytes.
   *
   * @param what whose bytes, for the message
   * @throws IllegalArgumentException where they do not fit 64 bits
   */
  public static long bytes(long count, String what) {
    if (count > Long.MAX_VALUE / Float.BYTES) {
      throw new IllegalArgumentException(
          what + " has " + count + " elements of 4 bytes, which does not fit 64 bits");
    }
    return count * Float.BYTES;
  }

  private static String joined(long[] factors) {
    StringBuilder text = new StringBuilder();
    for (long factor : factors) {
      text.append(text.isEmpty() ? "" : " * ").append(factor);
    }
    return text.toString();
  }
}

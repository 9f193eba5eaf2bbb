package dev.azulejo.reference;

/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), and what
 * is made of its words in float64.
 */
public final class RandomReference {
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;

  private RandomReference() {}

  /** The four words of a block of a seed's sequence. */
  public static int[] block(long seed, long number) {
    int key0 = (int) seed;
    int key1 = (int) (seed >>> 32);
    int[] c = {(int) number, (int) (number >>> 32), 0, 0};
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * Integer.toUnsignedLong(c[0]);
      long product1 = MULTIPLIER_1 * Integer.toUnsignedLong(c[2]);
      c =
          new int[] {
            (int) (product1 >>> 32) ^ c[1] ^ key0,
            (int) product1,
            (int) (product0 >>> 32) ^ c[3] ^ key1,
            (int) product0
          };
      key0 += WEYL_0;
      key1 += WEYL_1;
    }
    return c;
  }

  /** The number in [0, 1) at a position: the upper 24 bits of its word. */
  public static double uniform(long seed, long position) {
    return (block(seed, position / 4)[(int) (position % 4)] >>> 8) * 0x1p-24;
  }

  /**
   * The distance of the point, from the origin, whose coordinates Box and Muller's transform gives.
   */
  public static double radius(long seed, long position) {
    int first = block(seed, position / 4)[position % 4 < 2 ? 0 : 2];
    return Math.sqrt(-2 * Math.log(((first >>> 8) + 1) * 0x1p-24));
  }

  /** The normally distributed number at a position. */
  public static double normal(long seed, long position) {
    int second = block(seed, position / 4)[position % 4 < 2 ? 1 : 3];
    double angle = 2 * Math.PI * ((second >>> 8) * 0x1p-24);
    return radius(seed, position) * (position % 2 == 0 ? Math.cos(angle) : Math.sin(angle));
  }
}

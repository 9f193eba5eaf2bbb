package dev.azulejo.nn;

/**
 * Two numbers for rows and columns, such as a kernel or a stride.
 *
 * @param h for the rows
 * @param w for the columns
 */
public record Pair(int h, int w) {

  /** The same for rows and columns. */
  public static Pair of(int both) {
    return new Pair(both, both);
  }

  /** {@code 3} where both are equal, else {@code 1x5}. */
  @Override
  public String toString() {
    return h == w ? Integer.toString(h) : h + "x" + w;
  }

  Pair atLeast(int least, String name) {
    if (h < least || w < least) {
      throw new IllegalArgumentException(name + " must be at least " + least + ", was " + this);
    }
    return this;
  }

  /**
   * Output rows or columns of a window that slides over a padded input, or an error that says why
   * there are none.
   */
  static int slide(int input, int padding, int window, int dilation, int stride, String what) {
    long padded = input + 2L * padding;
    long extent = (window - 1L) * dilation + 1;
    if (extent > padded) {
      throw new IllegalArgumentException(
          what
              + " of "
              + extent
              + " is larger than the padded input of "
              + padded
              + " ("
              + input
              + " and "
              + padding
              + " on each side); use a smaller one or more padding");
    }
    long places = (padded - extent) / stride + 1;
    if (places > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          what
              + " of "
              + extent
              + " slides over a padded input of "
              + padded
              + " to "
              + places
              + " places; there can be at most "
              + Integer.MAX_VALUE);
    }
    return (int) places;
  }
}

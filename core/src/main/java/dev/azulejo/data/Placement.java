package dev.azulejo.data;

/**
 * Which sample comes next, and where its image lies: moved, and then mirrored left to right. One
 * object of {@link Placements}, used again for each sample.
 */
public final class Placement {
  private int index;
  private int down;
  private int right;
  private boolean mirrored;

  Placement() {}

  /** The sample, unmoved. */
  void reset(int sample) {
    index = sample;
    down = 0;
    right = 0;
    mirrored = false;
  }

  /** Moves what is seen; an image that is mirrored already moves the other way in itself. */
  void move(int rows, int columns) {
    down += rows;
    right += mirrored ? -columns : columns;
  }

  void mirror() {
    mirrored = !mirrored;
  }

  /** The sample's index in the data set. */
  public int index() {
    return index;
  }

  /** Rows by which the image is moved; less than 0 for up. */
  public int down() {
    return down;
  }

  /** Columns by which it is moved; less than 0 for left. */
  public int right() {
    return right;
  }

  /** Whether it is then mirrored left to right. */
  public boolean mirrored() {
    return mirrored;
  }
}

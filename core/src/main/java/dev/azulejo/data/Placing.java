package dev.azulejo.data;

import java.util.random.RandomGenerator;

/**
 * A transform that only moves or mirrors the image, so that a device can do it while it gathers a
 * mini-batch.
 */
sealed interface Placing extends Transform permits Chain, HorizontalFlip, RandomCrop, Shift {

  /** What it does to one sample, by the very random numbers that {@link #apply} draws. */
  void place(Placement placement, RandomGenerator random);

  /** Rows and columns by which it moves an image at most; 0 where it does not move it. */
  int reach();

  /** Whether what comes into view is the image mirrored at its edge, not 0. */
  boolean mirrorsEdges();
}

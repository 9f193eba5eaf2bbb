package dev.azulejo.data;

import java.util.Objects;
import java.util.Optional;

/**
 * The samples of an epoch in their order, each with its augmentation as a {@link Placement}: what a
 * {@link Loader} with the same seed does to the samples, said instead of done, for a device that
 * keeps the data set's bytes and gathers the mini-batches itself. Used by one thread at a time.
 */
public final class Placements {
  private final Dataset data;
  private final EpochOrder order;
  private final Placing augmentation;
  private final Placement placement = new Placement();

  /**
   * The epochs of a data set.
   *
   * @param seed of order and augmentation
   * @param shuffle whether each epoch has an order of its own; otherwise 0, 1, 2, ...
   * @throws IllegalArgumentException where there is an {@link #obstacle}
   */
  public Placements(Dataset data, long seed, boolean shuffle, Transform augmentation) {
    obstacle(data, augmentation)
        .ifPresent(
            why -> {
              throw new IllegalArgumentException("mini-batches cannot be gathered: " + why);
            });
    this.data = data;
    this.order = new EpochOrder(data.size(), seed, shuffle);
    this.augmentation = (Placing) augmentation;
  }

  /** Why a device cannot gather a data set's mini-batches; empty where it can. */
  public static Optional<String> obstacle(Dataset data, Transform augmentation) {
    Objects.requireNonNull(data, "data");
    Objects.requireNonNull(augmentation, "augmentation");
    if (!ByteSamples.has(data)) {
      return Optional.of("the data set does not keep its samples as bytes in memory");
    }
    Shape shape = data.shape();
    if (shape.height() > Short.MAX_VALUE || shape.width() > Short.MAX_VALUE) {
      return Optional.of("images of " + shape + " are larger than a gather takes");
    }
    return Chain.obstacle(augmentation, shape);
  }

  /** Whether what a move brings into view is the image mirrored at its edge, not 0. */
  public boolean mirrorsEdges() {
    return augmentation.mirrorsEdges();
  }

  /** Begins an epoch; the same number gives the same order and augmentation. */
  public void begin(int epoch) {
    order.begin(epoch);
  }

  /** Samples of an epoch. */
  public int count() {
    return data.size();
  }

  /**
   * The sample at a position of the epoch: one object, valid until the next call.
   *
   * @throws IndexOutOfBoundsException where an epoch has no such position
   */
  public Placement at(int position) {
    int index = order.at(position);
    placement.reset(index);
    augmentation.place(placement, order.random(index));
    return placement;
  }
}

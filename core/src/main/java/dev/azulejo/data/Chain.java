package dev.azulejo.data;

import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Several transforms, one after another; of none, the identity. */
final class Chain implements Placing {
  static final Chain EMPTY = new Chain(List.of());

  private final Transform[] steps;

  Chain(List<Transform> steps) {
    this.steps = List.copyOf(steps).toArray(Transform[]::new);
  }

  @Override
  public void apply(float[] sample, int offset, Shape shape, RandomGenerator random) {
    for (Transform step : steps) {
      step.apply(sample, offset, shape, random);
    }
  }

  /**
   * Why a transform cannot be made a {@link Placement}; empty where it can.
   *
   * @param shape of the samples
   */
  static Optional<String> obstacle(Transform transform, Shape shape) {
    if (!(transform instanceof Placing placing)) {
      return Optional.of("the transform " + transform + " is not one that moves or mirrors images");
    }
    if (placing instanceof Chain chain) {
      return chain.obstacle(shape);
    }
    int smaller = Math.min(shape.height(), shape.width());
    if (placing.reach() > 0
        && (placing.mirrorsEdges() ? 2L * placing.reach() : placing.reach()) >= smaller) {
      return Optional.of(placing + " moves images of " + shape + " out of sight");
    }
    return Optional.empty();
  }

  private Optional<String> obstacle(Shape shape) {
    Transform moving = null;
    for (Transform step : steps) {
      Optional<String> found = obstacle(step, shape);
      if (found.isPresent()) {
        return found;
      }
      if (((Placing) step).reach() > 0) {
        if (moving != null) {
          // What the first move pushes out of sight, the second would have to leave there.
          return Optional.of(moving + " and " + step + " both move the image");
        }
        moving = step;
      }
    }
    return Optional.empty();
  }

  @Override
  public void place(Placement placement, RandomGenerator random) {
    for (Transform step : steps) {
      ((Placing) step).place(placement, random);
    }
  }

  @Override
  public int reach() {
    int reach = 0;
    for (Transform step : steps) {
      reach += ((Placing) step).reach();
    }
    return reach;
  }

  @Override
  public boolean mirrorsEdges() {
    for (Transform step : steps) {
      if (((Placing) step).mirrorsEdges()) {
        return true;
      }
    }
    return false;
  }
}

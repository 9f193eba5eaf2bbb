package dev.azulejo.nn;

/**
 * Is told how far a training plan has come; {@link TrainingPlan#observe}. What it does takes part
 * in the step's time.
 */
@FunctionalInterface
public interface LayerObserver {
  /**
   * A layer's work has been given to the stream.
   *
   * @param layer its number, from 0
   * @param backward whether it was the backward pass
   */
  void passed(int layer, boolean backward);
}

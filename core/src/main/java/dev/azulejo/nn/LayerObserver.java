package dev.azulejo.nn;

/**
 * Is told how far a training plan has come; {@link TrainingPlan#observe}. What it does takes part
 * in the step's time.
 */
@FunctionalInterface
public interface LayerObserver {
  /**
   * The work of a layer, or of a few that are computed as one, has been given to the stream. A
   * layer that only sees its input as another shape has no work. Going over to another storage of
   * the activations is told with the layer that comes next.
   *
   * @param first the number of the layer, or of the first of them, from 0
   * @param last the number of the last of them
   * @param backward whether it was the backward pass
   */
  void passed(int first, int last, boolean backward);
}

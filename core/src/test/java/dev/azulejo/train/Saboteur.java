package dev.azulejo.train;

import dev.azulejo.data.Shape;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.nn.Layer;
import dev.azulejo.nn.LayerPlan;
import dev.azulejo.nn.LayerTensors;
import dev.azulejo.nn.ParameterShape;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A layer that hands everything on, until one thread reaches a certain call: there it fails. */
final class Saboteur implements Layer {
  private final String victim;
  private final boolean whilePlanning;
  private final AtomicInteger callsLeft;

  /**
   * A saboteur.
   *
   * @param victim what the name of the thread begins with
   * @param whilePlanning whether it already fails when the plan is made
   * @param calls forward passes of that thread that go well before
   */
  Saboteur(String victim, boolean whilePlanning, int calls) {
    this.victim = victim;
    this.whilePlanning = whilePlanning;
    this.callsLeft = new AtomicInteger(calls);
  }

  @Override
  public String name() {
    return "saboteur";
  }

  @Override
  public String describe() {
    return name();
  }

  @Override
  public Shape outputShape(Shape input) {
    return input;
  }

  @Override
  public List<ParameterShape> parameters(Shape input) {
    return List.of();
  }

  private void strike() {
    if (Thread.currentThread().getName().startsWith(victim) && callsLeft.getAndDecrement() <= 0) {
      throw new IllegalArgumentException("sabotage of " + victim);
    }
  }

  @Override
  public LayerPlan plan(Shape input, int maxBatch, EngineSession engine) {
    if (whilePlanning) {
      strike();
    }
    return new LayerPlan() {
      private long count = (long) maxBatch * input.size();

      @Override
      public void setBatch(int batch) {
        count = (long) batch * input.size();
      }

      @Override
      public void forward(Stream stream, LayerTensors t) {
        if (!whilePlanning) {
          strike();
        }
        t.y().copyFrom(stream, t.x(), count);
      }

      @Override
      public void backward(Stream stream, LayerTensors t) {
        t.gradX().copyFrom(stream, t.gradY(), count);
      }
    };
  }
}

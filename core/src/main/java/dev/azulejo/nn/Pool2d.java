package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Pool2dProblem;
import dev.azulejo.ops.Pool2dShape;
import dev.azulejo.ops.PoolMode;
import dev.azulejo.ops.Pooling;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Max or mean pooling, N(22)–N(24), T(2.9)–T(2.16) (rows N8, T11). Taps on the padding do not
 * count.
 *
 * @param mode the maximum or the mean
 * @param window rows and columns
 * @param stride rows and columns between the outputs
 * @param padding rows and columns on each side, less than the window
 */
public record Pool2d(PoolMode mode, Pair window, Pair stride, Pair padding) implements Layer {
  private static final int BYTE_VALUES = 256;

  /** Checks what does not depend on the input. */
  public Pool2d {
    Objects.requireNonNull(mode, "mode");
    window.atLeast(1, "window");
    stride.atLeast(1, "stride");
    padding.atLeast(0, "padding");
    if (padding.h() >= window.h() || padding.w() >= window.w()) {
      throw new IllegalArgumentException(
          "padding "
              + padding
              + " must be less than the window "
              + window
              + ", so that every window touches the input");
    }
  }

  /** With the window as stride, no padding. */
  public static Pool2d of(PoolMode mode, Pair window) {
    return new Pool2d(mode, window, window, Pair.of(0));
  }

  @Override
  public String name() {
    return mode == PoolMode.MAX ? "maxpool" : "meanpool";
  }

  @Override
  public String describe() {
    return name()
        + " "
        + window
        + (stride.equals(window) ? "" : " stride " + stride)
        + (padding.equals(Pair.of(0)) ? "" : " padding " + padding);
  }

  @Override
  public Shape outputShape(Shape input) {
    return new Shape(
        input.channels(),
        Pair.slide(input.height(), padding.h(), window.h(), 1, stride.h(), "window height"),
        Pair.slide(input.width(), padding.w(), window.w(), 1, stride.w(), "window width"));
  }

  @Override
  public List<ParameterShape> parameters(Shape input) {
    return List.of();
  }

  @Override
  public LayerPlan plan(Shape input, int maxBatch, EngineSession engine) {
    return new Plan(problem(input, maxBatch));
  }

  @Override
  public Optional<Bf16Form> bf16() {
    return Optional.of(
        (image, maxBatch, engine) -> {
          if (mode == PoolMode.MAX && (long) window.h() * window.w() > BYTE_VALUES) {
            throw new IllegalArgumentException(
                "its window of " + window + " has more than 256 taps, which a byte cannot number");
          }
          return new Bf16PoolPlan(problem(image, maxBatch));
        });
  }

  private Pool2dProblem problem(Shape input, int maxBatch) {
    Pool2dShape shape =
        new Pool2dShape(
            input.channels(),
            input.height(),
            input.width(),
            window.h(),
            window.w(),
            stride.h(),
            stride.w(),
            padding.h(),
            padding.w());
    return new Pool2dProblem(shape, maxBatch, mode, false);
  }

  Pool2d withStride(Pair value) {
    return new Pool2d(mode, window, value, padding);
  }

  Pool2d withPadding(Pair value) {
    return new Pool2d(mode, window, stride, value);
  }

  private static final class Plan implements LayerPlan {
    private final Pool2dProblem problem;
    private final long saved;

    Plan(Pool2dProblem problem) {
      this.problem = problem;
      this.saved = problem.mode() == PoolMode.MAX ? problem.outputCount() : 0;
    }

    @Override
    public void setBatch(int batch) {
      problem.setBatch(batch);
    }

    @Override
    public long savedElements() {
      return saved;
    }

    @Override
    public void forward(Stream stream, LayerTensors t) {
      Pooling.forward(stream, problem, t.x(), t.y(), t.saved());
    }

    @Override
    public void backward(Stream stream, LayerTensors t) {
      if (t.gradX() != null) {
        Pooling.backward(stream, problem, t.gradY(), t.saved(), t.gradX());
      }
    }
  }
}

package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Activation functions alone; convolution and dense layers have them built in. Row T2, N(34). */
public final class Activations {
  private Activations() {}

  /**
   * y[i] = σ(x[i]) for the first count elements. In place allowed.
   *
   * @param slope of LEAKY_RELU in [0, 1), otherwise ignored
   */
  public static void forward(
      Stream stream, Activation activation, float slope, long count, Tensor x, Tensor y) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(activation, "activation").checkSlope(slope);
    MemorySegment xs = Args.floats(stream, x, Sizes.atLeast(1, count, "count"), "x");
    MemorySegment ys = Args.floats(stream, y, count, "y");
    Args.inPlaceOrApart(y, "y", x, "x", count);
    NativeCall.check(
        azulejo_h.azj_activation_forward(queue, activation.code(), slope, count, xs, ys),
        "azj_activation_forward");
  }

  /**
   * gradX[i] = gradY[i] * σ'(z[i]), the derivative taken from the output y, N(34), T(3.36). In
   * place allowed (gradX and gradY the same).
   *
   * @param y what {@link #forward} gave
   */
  public static void backward(
      Stream stream,
      Activation activation,
      float slope,
      long count,
      Tensor y,
      Tensor gradY,
      Tensor gradX) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(activation, "activation").checkSlope(slope);
    MemorySegment ys = Args.floats(stream, y, Sizes.atLeast(1, count, "count"), "y");
    MemorySegment gs = Args.floats(stream, gradY, count, "gradY");
    MemorySegment xs = Args.floats(stream, gradX, count, "gradX");
    Args.inPlaceOrApart(gradX, "gradX", gradY, "gradY", count);
    Args.apart(gradX, count, "gradX", y, count, "y");
    NativeCall.check(
        azulejo_h.azj_activation_backward(queue, activation.code(), slope, count, ys, gs, xs),
        "azj_activation_backward");
  }
}

package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Sizes;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Updates of parameters from their gradients; one call for all parameters of a network. Row T5. */
public final class Optimizers {
  private Optimizers() {}

  /**
   * A step of gradient descent, T(2.6): g' = g + weightDecay * w; v = momentum * v + g'; w -=
   * learningRate * (nesterov ? g' + momentum * v : v).
   *
   * @param count parameters, at least 1
   * @param g gradients, read
   * @param w weights, updated
   * @param v velocity, updated; begins as zeros; may be null where momentum is 0
   */
  public static void sgd(
      Stream stream, SgdSettings settings, long count, Tensor g, Tensor w, Tensor v) {
    MemorySegment queue = Args.stream(stream);
    Tensor values = Objects.requireNonNull(settings, "settings").tensor();
    MemorySegment ss = Args.floats(stream, values, values.count(), "settings");
    MemorySegment gs = Args.floats(stream, g, Sizes.atLeast(1, count, "count"), "g");
    MemorySegment ws = Args.floats(stream, w, count, "w");
    MemorySegment vs =
        settings.needsVelocity()
            ? Args.floats(stream, v, count, "v")
            : Args.floatsOrNull(stream, v, count, "v");
    Args.apart(w, count, "w", g, count, "g");
    Args.apart(w, count, "w", v, count, "v");
    Args.apart(g, count, "g", v, count, "v");
    NativeCall.check(azulejo_h.azj_sgd(queue, ss, count, gs, ws, vs), "azj_sgd");
  }

  /**
   * A step of Adam (Kingma and Ba 2015, Algorithm 1) or AdamW; see {@link AdamSettings}.
   *
   * @param count parameters, at least 1
   * @param g gradients, read
   * @param w weights, updated
   * @param m mean of the gradients, updated; begins as zeros
   * @param v mean of their squares, updated; begins as zeros
   */
  public static void adam(
      Stream stream, AdamSettings settings, long count, Tensor g, Tensor w, Tensor m, Tensor v) {
    MemorySegment queue = Args.stream(stream);
    Tensor values = Objects.requireNonNull(settings, "settings").tensor();
    MemorySegment ss = Args.floats(stream, values, values.count(), "settings");
    MemorySegment gs = Args.floats(stream, g, Sizes.atLeast(1, count, "count"), "g");
    MemorySegment ws = Args.floats(stream, w, count, "w");
    MemorySegment ms = Args.floats(stream, m, count, "m");
    MemorySegment vs = Args.floats(stream, v, count, "v");
    Args.apart(w, count, "w", g, count, "g");
    Args.apart(w, count, "w", m, count, "m");
    Args.apart(w, count, "w", v, count, "v");
    Args.apart(m, count, "m", v, count, "v");
    Args.apart(m, count, "m", g, count, "g");
    Args.apart(v, count, "v", g, count, "g");
    NativeCall.check(azulejo_h.azj_adam(queue, ss, count, gs, ws, ms, vs), "azj_adam");
  }
}

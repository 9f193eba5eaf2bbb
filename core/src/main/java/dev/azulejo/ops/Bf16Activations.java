package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The way back through an activation, in BF16 with channels last. Row T2, N(34). */
public final class Bf16Activations {
  private Bf16Activations() {}

  /**
   * gradZ = gradY σ'(z), the derivative taken from y as in {@link Activations#backward}, and in the
   * same pass gradBias[channel] = the sum of gradZ over all pixels, before it is rounded to BF16.
   * In place allowed (gradZ and gradY the same).
   *
   * @param pixels of all samples
   * @param y [pixels][pitch], the output of the layer
   * @param gradZ [pixels][pitch], overwritten
   * @param gradBias floats [channels], overwritten; null where it is not wanted
   */
  public static void backward(
      Stream stream,
      Activation activation,
      float slope,
      long pixels,
      long channels,
      Tensor y,
      Tensor gradY,
      Tensor gradZ,
      Tensor gradBias) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(activation, "activation").checkSlope(slope);
    long count = Bf16Packing.count(pixels, channels, 1);
    MemorySegment ys = Args.bf16(stream, y, count, "y");
    MemorySegment gs = Args.bf16(stream, gradY, count, "gradY");
    MemorySegment zs = Args.bf16(stream, gradZ, count, "gradZ");
    MemorySegment bs = Args.floatsOrNull(stream, gradBias, channels, "gradBias");
    Args.inPlaceOrApart(gradZ, "gradZ", gradY, "gradY", count);
    Args.apart(gradZ, count, "gradZ", y, count, "y");
    if (gradBias != null) {
      Args.apart(gradBias, channels, "gradBias", y, count, "y");
      Args.apart(gradBias, channels, "gradBias", gradY, count, "gradY");
      Args.apart(gradBias, channels, "gradBias", gradZ, count, "gradZ");
    }
    NativeCall.check(
        azulejo_h.azj_bf16_activation_backward(
            queue, activation.code(), slope, pixels, channels, ys, gs, zs, bs),
        "azj_bf16_activation_backward");
  }
}

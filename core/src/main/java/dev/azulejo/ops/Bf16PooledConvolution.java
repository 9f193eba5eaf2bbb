package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * {@link PooledConvolution} of images in BF16 with channels last; tensors lie as those of {@link
 * Bf16Convolution}. Rows N7-N9, T9, T11.
 *
 * <p>As {@link Bf16Convolution}, and a stride of at most 4 along the height. Scratch memory is the
 * stream's {@link dev.azulejo.device.Workspace}; reserve {@link #workspaceBytes} before the first
 * step.
 */
public final class Bf16PooledConvolution {
  private Bf16PooledConvolution() {}

  /**
   * Elements of y, those up to the pitch among them.
   *
   * @throws IllegalArgumentException where the convolution's output has no window of 2x2
   */
  public static long pooledCount(Conv2dProblem problem) {
    long filters = problem.shape().filters();
    return Bf16Packing.count(1, filters, problem.pooledCount() / filters);
  }

  /**
   * The maxima of σ(conv(x, w) + bias) over windows of 2x2 with stride 2, the same bits as {@link
   * Bf16Convolution#forward} and {@link Bf16Pooling#forward} give. The convolution's output is not
   * kept (rows T9, T11).
   *
   * @param x {@link Bf16Convolution#inputCount} elements
   * @param w {@link Bf16Convolution#weightCount} elements
   * @param bias floats [filters], or null for none
   * @param y [batch][outputHeight / 2][outputWidth / 2][pitch], overwritten
   * @param argmax bytes, of y's shape: 2 * row + column of the maximum in its window, the first
   *     one, a NaN counting as the maximum; needed where {@link #backward} follows, otherwise may
   *     be null
   */
  public static void forward(
      Stream stream,
      Conv2dProblem problem,
      Tensor x,
      Tensor w,
      Tensor bias,
      Tensor y,
      Tensor argmax) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = Bf16Convolution.inputCount(problem);
    long weights = Bf16Convolution.weightCount(problem);
    long pooled = pooledCount(problem);
    MemorySegment xs = Args.bf16(stream, x, inputs, "x");
    MemorySegment ws = Args.bf16(stream, w, weights, "w");
    MemorySegment bs = Args.floatsOrNull(stream, bias, problem.biasCount(), "bias");
    MemorySegment ys = Args.bf16(stream, y, pooled, "y");
    MemorySegment as = Args.pixelsOrNull(stream, argmax, pooled, "argmax");
    Args.apart(y, pooled, "y", x, inputs, "x");
    Args.apart(y, pooled, "y", w, weights, "w");
    Args.apart(y, pooled, "y", bias, problem.biasCount(), "bias");
    Args.apart(y, pooled, "y", argmax, pooled, "argmax");
    Args.apart(x, inputs, "x", argmax, pooled, "argmax");
    Args.apart(w, weights, "w", argmax, pooled, "argmax");
    if (bias != null) {
      Args.apart(bias, problem.biasCount(), "bias", argmax, pooled, "argmax");
    }
    NativeCall.check(
        azulejo_h.azj_bf16_conv2d_pool_forward(
            queue,
            problem.descriptor(),
            xs,
            ws,
            bs,
            ys,
            as,
            stream.workspace().segment(),
            stream.workspace().bytes()),
        "azj_bf16_conv2d_pool_forward");
  }

  /**
   * From the gradient to the pooled output to that before the activation, and to the bias, in one
   * pass: gradZ at the maximum is gradY σ'(z), written with y, N(34), and 0 elsewhere (row T11).
   * {@link Bf16Convolution#gradWeights} and {@link Bf16Convolution#gradInput} go on from gradZ.
   *
   * @param y the output of {@link #forward}
   * @param argmax that of {@link #forward}
   * @param gradY of y's shape
   * @param gradZ {@link Bf16Convolution#outputCount} elements, overwritten
   * @param gradBias floats [filters], overwritten: the sum of gradZ before it is rounded to BF16;
   *     null where it is not wanted
   */
  public static void backward(
      Stream stream,
      Conv2dProblem problem,
      Tensor y,
      Tensor argmax,
      Tensor gradY,
      Tensor gradZ,
      Tensor gradBias) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long outputs = Bf16Convolution.outputCount(problem);
    long pooled = pooledCount(problem);
    MemorySegment ys = Args.bf16(stream, y, pooled, "y");
    Objects.requireNonNull(argmax, "argmax");
    MemorySegment as = Args.pixelsOrNull(stream, argmax, pooled, "argmax");
    MemorySegment gs = Args.bf16(stream, gradY, pooled, "gradY");
    MemorySegment zs = Args.bf16(stream, gradZ, outputs, "gradZ");
    MemorySegment bs = Args.floatsOrNull(stream, gradBias, problem.biasCount(), "gradBias");
    Args.apart(gradZ, outputs, "gradZ", y, pooled, "y");
    Args.apart(gradZ, outputs, "gradZ", argmax, pooled, "argmax");
    Args.apart(gradZ, outputs, "gradZ", gradY, pooled, "gradY");
    Args.apart(gradZ, outputs, "gradZ", gradBias, problem.biasCount(), "gradBias");
    if (gradBias != null) {
      Args.apart(gradBias, problem.biasCount(), "gradBias", y, pooled, "y");
      Args.apart(gradBias, problem.biasCount(), "gradBias", argmax, pooled, "argmax");
      Args.apart(gradBias, problem.biasCount(), "gradBias", gradY, pooled, "gradY");
    }
    NativeCall.check(
        azulejo_h.azj_bf16_conv2d_pool_backward(queue, problem.descriptor(), ys, as, gs, zs, bs),
        "azj_bf16_conv2d_pool_backward");
  }

  /**
   * Scratch bytes that {@link #forward} needs on a stream, possibly 0; what a batch needs suffices
   * for every smaller one. Not for the training step: it allocates.
   *
   * @throws dev.azulejo.device.UnsupportedProblemException where the device does not do the problem
   */
  public static long workspaceBytes(Stream stream, Conv2dProblem problem) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(azulejo_h.C_LONG);
      NativeCall.check(
          azulejo_h.azj_bf16_conv2d_pool_workspace_bytes(queue, problem.descriptor(), bytes),
          "azj_bf16_conv2d_pool_workspace_bytes");
      return bytes.get(azulejo_h.C_LONG, 0);
    }
  }
}

package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Convolution, bias, activation and max pooling by windows of 2x2 in one operation, forward and
 * backward: rows N7-N9, T9, T11.
 *
 * <p>Scratch memory is the stream's {@link dev.azulejo.device.Workspace}; reserve {@link
 * #workspaceBytes} before the first step.
 */
public final class PooledConvolution {
  private PooledConvolution() {}

  /**
   * Convolution, activation, and max pooling by windows of 2x2 with stride 2: y[n][m][p][q] is the
   * maximum of σ(conv(x, w) + bias) over rows 2p, 2p + 1 and columns 2q, 2q + 1, the same bits as
   * {@link Convolution#forward} and {@link Pooling#forward} give. The convolution's output is not
   * kept (rows T9, T11).
   *
   * @param bias [filters], or null for none
   * @param y [batch][filters][outputHeight / 2][outputWidth / 2], overwritten
   * @param argmax integers, of y's shape: row * outputWidth + column of the maximum, the first one,
   *     a NaN counting as the maximum; needed where {@link #backward} follows, otherwise may be
   *     null
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
    long inputs = problem.inputCount();
    long pooled = problem.pooledCount();
    MemorySegment xs = Args.floats(stream, x, inputs, "x");
    MemorySegment ws = Args.floats(stream, w, problem.weightCount(), "w");
    MemorySegment bs = Args.floatsOrNull(stream, bias, problem.biasCount(), "bias");
    MemorySegment ys = Args.floats(stream, y, pooled, "y");
    MemorySegment as = Args.intsOrNull(stream, argmax, pooled, "argmax");
    Args.apart(y, pooled, "y", x, inputs, "x");
    Args.apart(y, pooled, "y", w, problem.weightCount(), "w");
    Args.apart(y, pooled, "y", bias, problem.biasCount(), "bias");
    Args.apart(y, pooled, "y", argmax, pooled, "argmax");
    Args.apart(x, inputs, "x", argmax, pooled, "argmax");
    Args.apart(w, problem.weightCount(), "w", argmax, pooled, "argmax");
    if (bias != null) {
      Args.apart(bias, problem.biasCount(), "bias", argmax, pooled, "argmax");
    }
    NativeCall.check(
        azulejo_h.azj_conv2d_pool_forward(
            queue,
            problem.descriptor(),
            xs,
            ws,
            bs,
            ys,
            as,
            stream.workspace().segment(),
            stream.workspace().bytes()),
        "azj_conv2d_pool_forward");
  }

  /**
   * From the gradient to the pooled output to that before the activation, and to the bias, in one
   * pass: gradZ at the maximum is gradY σ'(z), written with y, N(34), and 0 elsewhere (row T11).
   * {@link Convolution#gradWeights} and {@link Convolution#gradInput} go on from gradZ.
   *
   * @param y the output of {@link #forward}
   * @param argmax that of {@link #forward}
   * @param gradY [batch][filters][outputHeight / 2][outputWidth / 2]
   * @param gradZ [batch][filters][outputHeight][outputWidth], overwritten
   * @param gradBias [filters], overwritten; null where it is not wanted
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
    long outputs = problem.outputCount();
    long pooled = problem.pooledCount();
    MemorySegment ys = Args.floats(stream, y, pooled, "y");
    MemorySegment as = Args.ints(stream, argmax, pooled, "argmax");
    MemorySegment gs = Args.floats(stream, gradY, pooled, "gradY");
    MemorySegment zs = Args.floats(stream, gradZ, outputs, "gradZ");
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
        azulejo_h.azj_conv2d_pool_backward(queue, problem.descriptor(), ys, as, gs, zs, bs),
        "azj_conv2d_pool_backward");
  }

  /**
   * What {@link #forward} runs. AUTO takes what is the best together with the pooling. Not for the
   * training step: it allocates, and AUTO may measure.
   *
   * @throws dev.azulejo.device.UnsupportedProblemException where the device does not have it
   */
  public static ConvAlgorithm algorithm(Stream stream, Conv2dProblem problem) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment algorithm = arena.allocate(azulejo_h.C_INT);
      NativeCall.check(
          azulejo_h.azj_conv2d_pool_algorithm(queue, problem.descriptor(), algorithm),
          "azj_conv2d_pool_algorithm");
      return ConvAlgorithm.of(algorithm.get(azulejo_h.C_INT, 0));
    }
  }

  /**
   * Scratch bytes that {@link #forward} needs on a stream, possibly 0. Not for the training step:
   * it allocates.
   */
  public static long workspaceBytes(Stream stream, Conv2dProblem problem) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(azulejo_h.C_LONG);
      NativeCall.check(
          azulejo_h.azj_conv2d_pool_workspace_bytes(queue, problem.descriptor(), bytes),
          "azj_conv2d_pool_workspace_bytes");
      return bytes.get(azulejo_h.C_LONG, 0);
    }
  }
}

package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Convolution, forward and backward: rows N7, N9, T9, T10, T14-T16. What the notes call a kernel w̃
 * is the w here: the sum is a cross-correlation.
 *
 * <p>Scratch memory is the stream's {@link dev.azulejo.device.Workspace}; reserve {@link
 * #workspaceBytes} of each pass, or call {@link #reserveWorkspace}, before the first step.
 */
public final class Convolution {
  private Convolution() {}

  /**
   * y = σ(conv(x, w) + bias), N(20), T§2.6.1:
   *
   * <pre>
   * y[n][m][p][q] = σ(bias[m] + sum_{c,r,s} x[n][c][p * stride - padding + r * dilation][q ...] w[m][c][r][s])
   * </pre>
   *
   * @param x [batch][channels][height][width]
   * @param w [filters][channels / groups][kernelHeight][kernelWidth]
   * @param bias [filters], or null for none
   * @param y [batch][filters][outputHeight][outputWidth], overwritten
   */
  public static void forward(
      Stream stream, Conv2dProblem problem, Tensor x, Tensor w, Tensor bias, Tensor y) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = problem.inputCount();
    long outputs = problem.outputCount();
    MemorySegment xs = Args.floats(stream, x, inputs, "x");
    MemorySegment ws = Args.floats(stream, w, problem.weightCount(), "w");
    MemorySegment bs = Args.floatsOrNull(stream, bias, problem.biasCount(), "bias");
    MemorySegment ys = Args.floats(stream, y, outputs, "y");
    Args.apart(y, outputs, "y", x, inputs, "x");
    Args.apart(y, outputs, "y", w, problem.weightCount(), "w");
    Args.apart(y, outputs, "y", bias, problem.biasCount(), "bias");
    NativeCall.check(
        azulejo_h.azj_conv2d_forward(
            queue,
            problem.descriptor(),
            xs,
            ws,
            bs,
            ys,
            stream.workspace().segment(),
            stream.workspace().bytes()),
        "azj_conv2d_forward");
  }

  /**
   * The gradient to the input, sum over the filters of the padded gradZ with the flipped w, N(46),
   * T(3.95)-T(3.201); the gradients of the padding are never computed (row T14).
   *
   * @param gradZ [batch][filters][outputHeight][outputWidth], the gradient before the activation,
   *     N(34)
   * @param w [filters][channels / groups][kernelHeight][kernelWidth]
   * @param gradX [batch][channels][height][width], overwritten
   */
  public static void gradInput(
      Stream stream, Conv2dProblem problem, Tensor gradZ, Tensor w, Tensor gradX) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = problem.inputCount();
    long outputs = problem.outputCount();
    MemorySegment gs = Args.floats(stream, gradZ, outputs, "gradZ");
    MemorySegment ws = Args.floats(stream, w, problem.weightCount(), "w");
    MemorySegment xs = Args.floats(stream, gradX, inputs, "gradX");
    Args.apart(gradX, inputs, "gradX", gradZ, outputs, "gradZ");
    Args.apart(gradX, inputs, "gradX", w, problem.weightCount(), "w");
    NativeCall.check(
        azulejo_h.azj_conv2d_grad_input(
            queue,
            problem.descriptor(),
            gs,
            ws,
            xs,
            stream.workspace().segment(),
            stream.workspace().bytes()),
        "azj_conv2d_grad_input");
  }

  /**
   * The gradient to the weights, x cross-correlated with gradZ and summed over the batch, N(30),
   * T§4.2.
   *
   * @param x [batch][channels][height][width]
   * @param gradZ [batch][filters][outputHeight][outputWidth]
   * @param gradW [filters][channels / groups][kernelHeight][kernelWidth], overwritten
   */
  public static void gradWeights(
      Stream stream, Conv2dProblem problem, Tensor x, Tensor gradZ, Tensor gradW) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = problem.inputCount();
    long outputs = problem.outputCount();
    MemorySegment xs = Args.floats(stream, x, inputs, "x");
    MemorySegment gs = Args.floats(stream, gradZ, outputs, "gradZ");
    MemorySegment ws = Args.floats(stream, gradW, problem.weightCount(), "gradW");
    Args.apart(gradW, problem.weightCount(), "gradW", x, inputs, "x");
    Args.apart(gradW, problem.weightCount(), "gradW", gradZ, outputs, "gradZ");
    NativeCall.check(
        azulejo_h.azj_conv2d_grad_weights(
            queue,
            problem.descriptor(),
            xs,
            gs,
            ws,
            stream.workspace().segment(),
            stream.workspace().bytes()),
        "azj_conv2d_grad_weights");
  }

  /**
   * The gradient to the bias, gradBias[m] = sum_{n,p,q} gradZ[n][m][p][q].
   *
   * @param gradBias [filters], overwritten
   */
  public static void gradBias(Stream stream, Conv2dProblem problem, Tensor gradZ, Tensor gradBias) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    MemorySegment gs = Args.floats(stream, gradZ, problem.outputCount(), "gradZ");
    MemorySegment bs = Args.floats(stream, gradBias, problem.biasCount(), "gradBias");
    Args.apart(gradBias, problem.biasCount(), "gradBias", gradZ, problem.outputCount(), "gradZ");
    NativeCall.check(
        azulejo_h.azj_conv2d_grad_bias(queue, problem.descriptor(), gs, bs),
        "azj_conv2d_grad_bias");
  }

  /**
   * X_unroll of the whole batch, T§4.1.
   *
   * @param unrolled [batch][channels * kernelHeight * kernelWidth][outputHeight * outputWidth],
   *     overwritten
   */
  public static void im2col(Stream stream, Conv2dProblem problem, Tensor x, Tensor unrolled) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    MemorySegment xs = Args.floats(stream, x, problem.inputCount(), "x");
    MemorySegment us = Args.floats(stream, unrolled, problem.unrolledCount(), "unrolled");
    Args.apart(unrolled, problem.unrolledCount(), "unrolled", x, problem.inputCount(), "x");
    NativeCall.check(azulejo_h.azj_im2col(queue, problem.descriptor(), xs, us), "azj_im2col");
  }

  /**
   * The adjoint of {@link #im2col}: each element of x becomes the sum of the unrolled elements that
   * came from it.
   *
   * @param x [batch][channels][height][width], overwritten
   */
  public static void col2im(Stream stream, Conv2dProblem problem, Tensor unrolled, Tensor x) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    MemorySegment us = Args.floats(stream, unrolled, problem.unrolledCount(), "unrolled");
    MemorySegment xs = Args.floats(stream, x, problem.inputCount(), "x");
    Args.apart(x, problem.inputCount(), "x", unrolled, problem.unrolledCount(), "unrolled");
    NativeCall.check(azulejo_h.azj_col2im(queue, problem.descriptor(), us, xs), "azj_col2im");
  }

  /**
   * Scratch bytes that a pass needs on a stream, possibly 0. Not for the training step: it
   * allocates.
   */
  public static long workspaceBytes(Stream stream, Conv2dProblem problem, ConvPass pass) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    Objects.requireNonNull(pass, "pass");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(azulejo_h.C_LONG);
      NativeCall.check(
          azulejo_h.azj_conv2d_workspace_bytes(queue, problem.descriptor(), pass.code(), bytes),
          "azj_conv2d_workspace_bytes");
      return bytes.get(azulejo_h.C_LONG, 0);
    }
  }

  /** Reserves on the stream's workspace what the passes need. */
  public static void reserveWorkspace(Stream stream, Conv2dProblem problem, ConvPass... passes) {
    for (ConvPass pass : passes) {
      stream.workspace().reserve(workspaceBytes(stream, problem, pass));
    }
  }

  /** The algorithm that a pass runs with, never AUTO. Not for the training step: it allocates. */
  public static ConvAlgorithm algorithm(Stream stream, Conv2dProblem problem, ConvPass pass) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    Objects.requireNonNull(pass, "pass");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment algorithm = arena.allocate(azulejo_h.C_INT);
      NativeCall.check(
          azulejo_h.azj_conv2d_algorithm(queue, problem.descriptor(), pass.code(), algorithm),
          "azj_conv2d_algorithm");
      return ConvAlgorithm.of(algorithm.get(azulejo_h.C_INT, 0));
    }
  }
}

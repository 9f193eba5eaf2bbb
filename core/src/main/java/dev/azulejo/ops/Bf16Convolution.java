package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.NativeCall;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * {@link Convolution} of images in BF16 with channels last: x[batch][height][width][pitch], and
 * likewise y and their gradients; w[filters][kernelHeight][kernelWidth][pitch]. The pitch is that
 * of {@link Bf16Packing}. Sums, biases and the gradient to the weights are float32. The gradient to
 * the bias comes with {@link Bf16Activations#backward}.
 *
 * <p>One group, and an algorithm that is AUTO or HOPPER_BF16. Scratch memory is the stream's {@link
 * dev.azulejo.device.Workspace}; reserve {@link #workspaceBytes} of each pass before the first
 * step.
 */
public final class Bf16Convolution {
  private Bf16Convolution() {}

  /** Elements of x, those up to the pitch among them. */
  public static long inputCount(Conv2dProblem problem) {
    Conv2dShape shape = problem.shape();
    return Bf16Packing.count(problem.batch(), shape.channels(), shape.height() * shape.width());
  }

  /** Elements of y, likewise. */
  public static long outputCount(Conv2dProblem problem) {
    long filters = problem.shape().filters();
    return Bf16Packing.count(1, filters, problem.outputCount() / filters);
  }

  /** Elements of w, likewise. */
  public static long weightCount(Conv2dProblem problem) {
    Conv2dShape shape = problem.shape();
    return Bf16Packing.count(
        shape.filters(), shape.channels(), shape.kernelHeight() * shape.kernelWidth());
  }

  /**
   * y = σ(conv(x, w) + bias), as {@link Convolution#forward}, rounded to BF16.
   *
   * @param x {@link #inputCount} elements
   * @param w {@link #weightCount} elements
   * @param bias floats [filters], or null for none
   * @param y {@link #outputCount} elements, overwritten
   */
  public static void forward(
      Stream stream, Conv2dProblem problem, Tensor x, Tensor w, Tensor bias, Tensor y) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = inputCount(problem);
    long outputs = outputCount(problem);
    long weights = weightCount(problem);
    MemorySegment xs = Args.bf16(stream, x, inputs, "x");
    MemorySegment ws = Args.bf16(stream, w, weights, "w");
    MemorySegment bs = Args.floatsOrNull(stream, bias, problem.biasCount(), "bias");
    MemorySegment ys = Args.bf16(stream, y, outputs, "y");
    Args.apart(y, outputs, "y", x, inputs, "x");
    Args.apart(y, outputs, "y", w, weights, "w");
    Args.apart(y, outputs, "y", bias, problem.biasCount(), "bias");
    NativeCall.check(
        azulejo_h.azj_bf16_conv2d_forward(
            queue,
            problem.descriptor(),
            xs,
            ws,
            bs,
            ys,
            stream.workspace().segment(),
            stream.workspace().bytes()),
        "azj_bf16_conv2d_forward");
  }

  /**
   * The gradient to the input, as {@link Convolution#gradInput}, rounded to BF16.
   *
   * @param gradZ the gradient before the activation, {@link #outputCount} elements
   * @param w {@link #weightCount} elements
   * @param gradX {@link #inputCount} elements, overwritten
   */
  public static void gradInput(
      Stream stream, Conv2dProblem problem, Tensor gradZ, Tensor w, Tensor gradX) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = inputCount(problem);
    long outputs = outputCount(problem);
    long weights = weightCount(problem);
    MemorySegment gs = Args.bf16(stream, gradZ, outputs, "gradZ");
    MemorySegment ws = Args.bf16(stream, w, weights, "w");
    MemorySegment xs = Args.bf16(stream, gradX, inputs, "gradX");
    Args.apart(gradX, inputs, "gradX", gradZ, outputs, "gradZ");
    Args.apart(gradX, inputs, "gradX", w, weights, "w");
    NativeCall.check(
        azulejo_h.azj_bf16_conv2d_grad_input(
            queue,
            problem.descriptor(),
            gs,
            ws,
            xs,
            stream.workspace().segment(),
            stream.workspace().bytes()),
        "azj_bf16_conv2d_grad_input");
  }

  /**
   * The gradient to the weights, as {@link Convolution#gradWeights}.
   *
   * @param x {@link #inputCount} elements
   * @param gradZ {@link #outputCount} elements
   * @param gradW floats [filters][channels][kernelHeight][kernelWidth], overwritten
   */
  public static void gradWeights(
      Stream stream, Conv2dProblem problem, Tensor x, Tensor gradZ, Tensor gradW) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    long inputs = inputCount(problem);
    long outputs = outputCount(problem);
    MemorySegment xs = Args.bf16(stream, x, inputs, "x");
    MemorySegment gs = Args.bf16(stream, gradZ, outputs, "gradZ");
    MemorySegment ws = Args.floats(stream, gradW, problem.weightCount(), "gradW");
    Args.apart(gradW, problem.weightCount(), "gradW", x, inputs, "x");
    Args.apart(gradW, problem.weightCount(), "gradW", gradZ, outputs, "gradZ");
    NativeCall.check(
        azulejo_h.azj_bf16_conv2d_grad_weights(
            queue,
            problem.descriptor(),
            xs,
            gs,
            ws,
            stream.workspace().segment(),
            stream.workspace().bytes()),
        "azj_bf16_conv2d_grad_weights");
  }

  /**
   * Scratch bytes that a pass needs on a stream, possibly 0; what a batch needs suffices for every
   * smaller one. Not for the training step: it allocates.
   *
   * @throws dev.azulejo.device.UnsupportedProblemException where the device does not do the problem
   */
  public static long workspaceBytes(Stream stream, Conv2dProblem problem, ConvPass pass) {
    MemorySegment queue = Args.stream(stream);
    Objects.requireNonNull(problem, "problem");
    Objects.requireNonNull(pass, "pass");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(azulejo_h.C_LONG);
      NativeCall.check(
          azulejo_h.azj_bf16_conv2d_workspace_bytes(
              queue, problem.descriptor(), pass.code(), bytes),
          "azj_bf16_conv2d_workspace_bytes");
      return bytes.get(azulejo_h.C_LONG, 0);
    }
  }
}

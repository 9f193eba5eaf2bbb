package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.Precision;
import dev.azulejo.ops.Bf16Packing;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvPass;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A pass of cuDNN's on tensors that lie in memory as BF16 with channels last, as {@link
 * dev.azulejo.ops.Bf16Convolution} has them, without any conversion: the fastest of the plans that
 * its heuristics propose. Where the channels do not fill their pitch, cuDNN may also take the zeros
 * behind them for channels, as its documentation advises. The gradient to the weights, float32 with
 * us, is BF16 in memory of its own.
 *
 * <p>Belongs to the stream's thread.
 */
public final class CudnnChannelsLast implements AutoCloseable {
  private final CudnnSession session;
  private final Stream stream;
  private final ConvPass pass;
  private final Tensor gradient; // null but for the gradient to the weights
  private final CudnnPass best;

  /**
   * Finds the fastest plan.
   *
   * @param first x, or gradZ for the gradient to the input
   * @param second w, or gradZ for the gradient to the weights
   * @param result of the other two passes; overwritten
   * @throws UnsupportedProblemException if cuDNN has no plan, or the device is not a CUDA device
   */
  public CudnnChannelsLast(
      Stream stream,
      Conv2dProblem problem,
      ConvPass pass,
      Tensor first,
      Tensor second,
      Tensor result) {
    this(
        new CudnnEngine("cudnn:bf16", Precision.BF16).open(stream, true),
        problem,
        pass,
        first,
        second,
        result);
  }

  /** With a session, which it owns. */
  CudnnChannelsLast(
      CudnnSession session,
      Conv2dProblem problem,
      ConvPass pass,
      Tensor first,
      Tensor second,
      Tensor result) {
    this.session = session;
    this.pass = pass;
    stream = session.stream();
    try (FastestPass fastest = new FastestPass(session, problem)) {
      gradient = pass == ConvPass.GRAD_WEIGHTS ? gradient(problem) : null;
      Tensor to = gradient == null ? result : gradient;
      best =
          fastest.of(
              candidates(problem), a(first, second), b(first, second), memory(to), Long.MAX_VALUE);
      session.reserve(best.workspaceBytes());
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  /** Runs the pass; {@code result} only matters where it is not the gradient to the weights. */
  public void run(Tensor first, Tensor second, Tensor result) {
    best.run(
        a(first, second),
        b(first, second),
        memory(gradient == null ? result : gradient),
        session.workspace());
  }

  /** The gradient to the weights, [filters][kernelHeight][kernelWidth][pitch of the channels]. */
  public Tensor gradient() {
    return gradient;
  }

  /** The plan. */
  public String describe() {
    return best.describe() + ", BF16 channels last";
  }

  /** Workspace, and a gradient to the weights. */
  public long bytes() {
    return session.bytes();
  }

  @Override
  public void close() {
    session.close();
  }

  private List<CudnnPass> candidates(Conv2dProblem problem) {
    List<CudnnPass> candidates = new ArrayList<>(plans(problem));
    Conv2dShape s = problem.shape();
    long pitch = Bf16Packing.pitch(s.channels());
    if (pitch != s.channels() && s.groups() == 1) {
      Conv2dShape filled =
          new Conv2dShape(
              pitch,
              s.height(),
              s.width(),
              s.filters(),
              s.kernelHeight(),
              s.kernelWidth(),
              s.strideHeight(),
              s.strideWidth(),
              s.paddingHeight(),
              s.paddingWidth(),
              s.dilationHeight(),
              s.dilationWidth(),
              1);
      candidates.addAll(
          plans(
              new Conv2dProblem(
                  filled,
                  problem.batch(),
                  problem.algorithm(),
                  0,
                  problem.activation(),
                  problem.slope())));
    }
    return candidates;
  }

  /** None where cuDNN refuses such strides. */
  private List<CudnnPass> plans(Conv2dProblem problem) {
    CudnnHandles owner = session.handles();
    try {
      Backend graph = ConvolutionGraph.ofChannelsLast(owner, session.handle(), problem, pass);
      return BackendSearch.passes(
          session, owner, graph, true, session.precision(), FastestPass.PLANS);
    } catch (UnsupportedProblemException e) {
      return List.of();
    }
  }

  private Tensor gradient(Conv2dProblem problem) {
    Conv2dShape s = problem.shape();
    long pitch = Bf16Packing.pitch(s.channels() / s.groups());
    long count = s.filters() * s.kernelHeight() * s.kernelWidth() * pitch;
    DeviceBuffer buffer = session.owned(count * Short.BYTES);
    return buffer.bf16(0, count);
  }

  private MemorySegment a(Tensor first, Tensor second) {
    return memory(pass == ConvPass.GRAD_INPUT ? second : first);
  }

  private MemorySegment b(Tensor first, Tensor second) {
    return memory(pass == ConvPass.GRAD_INPUT ? first : second);
  }

  private MemorySegment memory(Tensor tensor) {
    return tensor.argument(stream, ElementType.BF16, tensor.count(), "operand");
  }
}

package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.compare.engine.VendorArguments;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.Precision;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Elementwise;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the fastest way of a pass, on tensors of its own that it gives back: the legacy API's best
 * and the graph API's first plans are timed on the device.
 */
final class PassSearch implements AutoCloseable {
  private static final int BF16_BYTES = 2;

  private final CudnnSession session;
  private final Conv2dProblem problem;
  private final LegacyLayouts layouts;
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private final FastestPass fastest;
  private final MemorySegment x;
  private final MemorySegment w;
  private final MemorySegment y;

  PassSearch(CudnnSession session, Conv2dProblem problem, LegacyLayouts layouts) {
    this.session = session;
    this.problem = problem;
    this.layouts = layouts;
    fastest = new FastestPass(session, problem);
    try {
      x = filled(problem.inputCount());
      w = filled(problem.weightCount());
      y = filled(problem.outputCount());
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** The fastest in float32 or TF32. */
  CudnnPass fastest(ConvPass pass) {
    List<CudnnPass> candidates = new ArrayList<>();
    var legacy = new LegacySearch(session, layouts, problem.shape(), pass);
    legacy.fastest(a(pass), b(pass), result(pass), fastest::workspace).ifPresent(candidates::add);
    candidates.addAll(graphPasses(pass, cudnn_h.CUDNN_DATA_FLOAT()));
    return fastest.of(candidates, a(pass), b(pass), result(pass), legacy.unmetBytes());
  }

  /** The fastest with both operands and the result in BF16, and the conversions around it. */
  CudnnPass fastestBf16(ConvPass pass) {
    long[] aSizes = sizes(a(pass));
    long[] bSizes = sizes(b(pass));
    long[] resultSizes = sizes(result(pass));
    MemorySegment aCopy = session.buffer(BF16_BYTES * count(aSizes));
    MemorySegment bCopy = session.buffer(BF16_BYTES * count(bSizes));
    MemorySegment resultCopy = session.buffer(BF16_BYTES * count(resultSizes));
    int bf16 = cudnn_h.CUDNN_DATA_BFLOAT16();
    int f32 = cudnn_h.CUDNN_DATA_FLOAT();
    CudnnPass inner = fastest.of(graphPasses(pass, bf16), aCopy, bCopy, resultCopy, Long.MAX_VALUE);
    return new Bf16Pass(
        conversion(aSizes, f32, bf16),
        aCopy,
        conversion(bSizes, f32, bf16),
        bCopy,
        inner,
        resultCopy,
        conversion(resultSizes, bf16, f32));
  }

  @Override
  public void close() {
    fastest.close();
    buffers.forEach(DeviceBuffer::close);
    buffers.clear();
  }

  private List<CudnnPass> graphPasses(ConvPass pass, int type) {
    CudnnHandles owner = session.handles();
    Backend graph = ConvolutionGraph.of(owner, session.handle(), problem, pass, type);
    return BackendSearch.passes(
        session, owner, graph, true, session.precision(), FastestPass.PLANS);
  }

  private CudnnPass conversion(long[] sizes, int from, int to) {
    CudnnHandles owner = session.handles();
    Backend graph = ConvolutionGraph.conversion(owner, session.handle(), sizes, from, to);
    List<CudnnPass> passes = BackendSearch.passes(session, owner, graph, false, Precision.BF16, 1);
    if (passes.isEmpty()) {
      throw new UnsupportedProblemException(
          "cudnnBackendFinalize",
          "cuDNN %s has no plan that converts float32 and BF16 on %s"
              .formatted(session.cudnn().api().version(), session.stream().device()));
    }
    return passes.getFirst();
  }

  private MemorySegment a(ConvPass pass) {
    return pass == ConvPass.GRAD_INPUT ? w : x;
  }

  private MemorySegment b(ConvPass pass) {
    return pass == ConvPass.FORWARD ? w : y;
  }

  private MemorySegment result(ConvPass pass) {
    return switch (pass) {
      case FORWARD -> y;
      case GRAD_INPUT -> x;
      case GRAD_WEIGHTS -> w;
    };
  }

  private long[] sizes(MemorySegment tensor) {
    if (tensor == x) {
      return ConvolutionGraph.input(problem);
    }
    return tensor == w ? ConvolutionGraph.weights(problem) : ConvolutionGraph.output(problem);
  }

  private static long count(long[] sizes) {
    long count = 1;
    for (long size : sizes) {
      count *= size;
    }
    return count;
  }

  /** Numbers, as time may depend on them: NaN and denormals of old memory would mislead. */
  private MemorySegment filled(long count) {
    Stream stream = session.stream();
    DeviceBuffer buffer = stream.device().allocateFloats(CudnnSession.OWNER, count);
    buffers.add(buffer);
    Elementwise.fill(stream, count, 0.5f, buffer.floats());
    return VendorArguments.memory(stream, buffer);
  }
}

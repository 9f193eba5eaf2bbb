package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.engine.Precision;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvPass;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;

/** The fastest passes of a convolution with one size of mini-batch. */
final class CudnnConvolutionPasses {
  private final CudnnSession session;
  private final LegacyLayouts layouts;
  private final Map<ConvPass, CudnnPass> passes = new EnumMap<>(ConvPass.class);

  CudnnConvolutionPasses(CudnnSession session, Conv2dProblem problem) {
    this.session = session;
    layouts = LegacyLayouts.of(session.handles(), problem);
    try (PassSearch search = new PassSearch(session, problem, layouts)) {
      for (ConvPass pass : ConvPass.values()) {
        if (session.training() || pass == ConvPass.FORWARD) {
          CudnnPass best =
              session.precision() == Precision.BF16
                  ? search.fastestBf16(pass)
                  : search.fastest(pass);
          session.reserve(best.workspaceBytes());
          passes.put(pass, best);
        }
      }
    }
  }

  CudnnPass pass(ConvPass pass) {
    CudnnPass made = passes.get(pass);
    if (made == null) {
      throw new IllegalStateException("a gradient of a session that was opened for inference");
    }
    return made;
  }

  /** y[n][m][p][q] += bias[m]. */
  void addBias(MemorySegment bias, MemorySegment y) {
    Cudnn cudnn = session.cudnn();
    cudnn.check(
        cudnn
            .api()
            .addTensor(
                session.handle(),
                session.one(),
                layouts.bias(),
                bias,
                session.one(),
                layouts.y(),
                y),
        "cudnnAddTensor",
        "");
  }

  /** gradBias[m] = sum of gradZ. */
  void gradBias(MemorySegment gradZ, MemorySegment gradBias) {
    Cudnn cudnn = session.cudnn();
    cudnn.check(
        cudnn
            .api()
            .convolutionBackwardBias(
                session.handle(),
                session.one(),
                layouts.y(),
                gradZ,
                session.zero(),
                layouts.bias(),
                gradBias),
        "cudnnConvolutionBackwardBias",
        "");
  }
}

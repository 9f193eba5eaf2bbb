package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnnConvolutionFwdAlgoPerfStruct;
import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.engine.Precision;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvPass;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * The legacy API's own search: it runs every algorithm with the workspace that it wants, and the
 * fastest comes first.
 */
final class LegacySearch {
  private final CudnnSession session;
  private final ConvPass pass;
  private final MemorySegment a;
  private final MemorySegment b;
  private final MemorySegment result;
  private final MemorySegment convolution;
  private long unmet = Long.MAX_VALUE;

  LegacySearch(CudnnSession session, LegacyLayouts layouts, Conv2dShape shape, ConvPass pass) {
    this.session = session;
    this.pass = pass;
    a = pass == ConvPass.GRAD_INPUT ? layouts.w() : layouts.x();
    b = pass == ConvPass.FORWARD ? layouts.w() : layouts.y();
    result =
        switch (pass) {
          case FORWARD -> layouts.y();
          case GRAD_INPUT -> layouts.x();
          case GRAD_WEIGHTS -> layouts.w();
        };
    convolution = LegacyLayouts.convolution(session.handles(), shape, session.precision());
  }

  /**
   * The fastest algorithm, or none where the API has none for this problem, or none whose workspace
   * fits. The operands' contents do not matter; the result is overwritten.
   *
   * @param workspaces gives memory of so many bytes
   */
  Optional<CudnnPass> fastest(
      MemorySegment aData,
      MemorySegment bData,
      MemorySegment resultData,
      LongFunction<MemorySegment> workspaces) {
    long bytes = workspaceBytes();
    if (bytes < 0) {
      return Optional.empty();
    }
    MemorySegment workspace = workspaces.apply(bytes);
    Cudnn cudnn = session.cudnn();
    int most = algorithms();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment found = cudnnConvolutionFwdAlgoPerfStruct.allocateArray(most, arena);
      cudnn.check(
          cudnn
              .api()
              .findAlgorithm(
                  pass,
                  session.handle(),
                  a,
                  aData,
                  b,
                  bData,
                  convolution,
                  result,
                  resultData,
                  most,
                  count,
                  found,
                  workspace,
                  bytes),
          "cudnnFindConvolutionAlgorithmEx",
          "");
      if (count.get(ValueLayout.JAVA_INT, 0) == 0) {
        return Optional.empty();
      }
      MemorySegment best = cudnnConvolutionFwdAlgoPerfStruct.asSlice(found, 0);
      if (cudnnConvolutionFwdAlgoPerfStruct.status(best) != Cudnn.SUCCESS) {
        return Optional.empty();
      }
      if (session.precision() != Precision.FP32) {
        cudnn.check(
            cudnn
                .api()
                .setConvolutionMathType(
                    convolution, cudnnConvolutionFwdAlgoPerfStruct.mathType(best)),
            "cudnnSetConvolutionMathType",
            "");
      }
      return Optional.of(
          new LegacyPass(
              session,
              pass,
              a,
              b,
              result,
              convolution,
              cudnnConvolutionFwdAlgoPerfStruct.algo(best),
              cudnnConvolutionFwdAlgoPerfStruct.memory(best)));
    }
  }

  /** The least workspace that an algorithm wanted and did not get; the largest long if all did. */
  long unmetBytes() {
    return unmet;
  }

  /** The most that an algorithm wants and the device can spare; -1 if there is no algorithm. */
  private long workspaceBytes() {
    long spare = session.spareBytes();
    long largest = -1;
    CudnnApi api = session.cudnn().api();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(ValueLayout.JAVA_LONG);
      for (int algorithm = 0; algorithm < algorithms(); algorithm++) {
        int status =
            api.workspaceSize(pass, session.handle(), a, b, convolution, result, algorithm, bytes);
        if (status == Cudnn.SUCCESS) {
          long wanted = bytes.get(ValueLayout.JAVA_LONG, 0);
          if (wanted <= spare) {
            largest = Math.max(largest, wanted);
          } else {
            unmet = Math.min(unmet, wanted);
          }
        }
      }
    }
    return largest;
  }

  private int algorithms() {
    return switch (pass) {
      case FORWARD -> cudnn_h.CUDNN_CONVOLUTION_FWD_ALGO_COUNT();
      case GRAD_INPUT -> cudnn_h.CUDNN_CONVOLUTION_BWD_DATA_ALGO_COUNT();
      case GRAD_WEIGHTS -> cudnn_h.CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT();
    };
  }
}

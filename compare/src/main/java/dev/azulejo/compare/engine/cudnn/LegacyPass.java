package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.ops.ConvPass;
import java.lang.foreign.MemorySegment;

/**
 * A pass with an algorithm of the legacy API.
 *
 * @param a layout of the first operand; see {@link CudnnApi}
 * @param b of the second
 * @param result of the result
 * @param algorithm {@code cudnnConvolution...Algo_t}
 */
record LegacyPass(
    CudnnSession session,
    ConvPass pass,
    MemorySegment a,
    MemorySegment b,
    MemorySegment result,
    MemorySegment convolution,
    int algorithm,
    long workspaceBytes)
    implements CudnnPass {

  @Override
  public void run(
      MemorySegment aData, MemorySegment bData, MemorySegment resultData, MemorySegment workspace) {
    Cudnn cudnn = session.cudnn();
    cudnn.check(
        cudnn
            .api()
            .convolution(
                pass,
                session.handle(),
                session.one(),
                a,
                aData,
                b,
                bData,
                convolution,
                algorithm,
                workspace,
                workspaceBytes,
                session.zero(),
                result,
                resultData),
        "cudnnConvolution",
        "");
  }

  @Override
  public String describe() {
    return "legacy API, algorithm " + algorithm;
  }
}

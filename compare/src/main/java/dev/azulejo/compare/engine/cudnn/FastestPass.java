package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.compare.engine.VendorArguments;
import dev.azulejo.device.AzulejoException;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.OutOfDeviceMemoryException;
import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.ops.Conv2dProblem;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Times ways of a pass on the device, in workspace of its own that it gives back. */
final class FastestPass implements AutoCloseable {
  /** Plans of the graph API that are timed; cuDNN's heuristics are rarely further off. */
  static final int PLANS = 5;

  private final CudnnSession session;
  private final Conv2dProblem problem;
  private DeviceBuffer trial;

  /**
   * Times nothing yet.
   *
   * @param problem for messages
   */
  FastestPass(CudnnSession session, Conv2dProblem problem) {
    this.session = session;
    this.problem = problem;
  }

  /**
   * The fastest of those that there is workspace for.
   *
   * @param unmetBytes the least workspace that somebody wanted who is no candidate for want of it
   */
  CudnnPass of(
      List<CudnnPass> candidates,
      MemorySegment a,
      MemorySegment b,
      MemorySegment result,
      long unmetBytes) {
    CudnnPass best = null;
    double least = Double.POSITIVE_INFINITY;
    long unmet = unmetBytes;
    long spare = session.spareBytes();
    for (CudnnPass candidate : candidates) {
      if (candidate.workspaceBytes() > spare) {
        unmet = Math.min(unmet, candidate.workspaceBytes());
        continue;
      }
      MemorySegment scratch = workspace(candidate.workspaceBytes());
      double time = session.timer().milliseconds(() -> candidate.run(a, b, result, scratch));
      if (time < least) {
        least = time;
        best = candidate;
      }
    }
    if (best == null) {
      throw failure(unmet, spare);
    }
    return best;
  }

  /** Memory for a trial; what the fastest needs in the end is often much less. */
  MemorySegment workspace(long bytes) {
    if (trial == null || trial.bytes() < bytes) {
      Stream stream = session.stream();
      if (trial != null) {
        stream.synchronize();
        trial.close();
        trial = null;
      }
      trial = stream.device().allocate(CudnnSession.OWNER, VendorArguments.wholeElements(bytes));
    }
    return VendorArguments.memory(session.stream(), trial);
  }

  @Override
  public void close() {
    if (trial != null) {
      trial.close();
      trial = null;
    }
  }

  private AzulejoException failure(long unmet, long spare) {
    String what =
        "cuDNN %s with precision %s for %s"
            .formatted(session.cudnn().api().version(), session.precision(), problem);
    return unmet < Long.MAX_VALUE
        ? new OutOfDeviceMemoryException(
            "cudnnGetConvolutionWorkspaceSize",
            "%s wants at least %d bytes of workspace; %d can be spared on %s"
                .formatted(what, unmet, spare, session.stream().device()))
        : new UnsupportedProblemException(
            "cudnnBackendFinalize", what + ": there is no algorithm, in either of its APIs");
  }
}

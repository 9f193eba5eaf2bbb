package dev.azulejo.compare.engine.cudnn;

import java.lang.foreign.MemorySegment;

/** One pass of a convolution, ready to run on the session's stream; the operands of CudnnApi. */
interface CudnnPass {
  /**
   * Runs it.
   *
   * @param workspace at least {@link #workspaceBytes} of device memory
   */
  void run(MemorySegment a, MemorySegment b, MemorySegment result, MemorySegment workspace);

  /** Bytes of workspace that it uses. */
  long workspaceBytes();

  /** The API and its algorithm or engine. */
  String describe();
}

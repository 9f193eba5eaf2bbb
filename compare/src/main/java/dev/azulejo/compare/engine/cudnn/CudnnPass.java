package dev.azulejo.compare.engine.cudnn;

import java.lang.foreign.MemorySegment;

/** One pass of a convolution, ready to run on the session's stream; the operands of CudnnApi. */
interface CudnnPass {
  void run(MemorySegment a, MemorySegment b, MemorySegment result);

  /** Bytes of the session's workspace that it uses. */
  long workspaceBytes();

  /** The API and its algorithm or engine. */
  String describe();
}

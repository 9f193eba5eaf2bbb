package dev.azulejo.compare.engine.cudnn;

import java.lang.foreign.MemorySegment;

/**
 * A pass on BF16 copies of float32 tensors: both operands are rounded, the pass runs, and its BF16
 * result is widened.
 *
 * @param toA converts the first operand
 * @param aCopy receives it
 * @param toB converts the second operand
 * @param bCopy receives it
 * @param inner the pass on the copies
 * @param resultCopy receives its result
 * @param toResult widens that
 */
record Bf16Pass(
    CudnnPass toA,
    MemorySegment aCopy,
    CudnnPass toB,
    MemorySegment bCopy,
    CudnnPass inner,
    MemorySegment resultCopy,
    CudnnPass toResult)
    implements CudnnPass {

  @Override
  public void run(MemorySegment a, MemorySegment b, MemorySegment result, MemorySegment workspace) {
    toA.run(a, MemorySegment.NULL, aCopy, workspace);
    toB.run(b, MemorySegment.NULL, bCopy, workspace);
    inner.run(aCopy, bCopy, resultCopy, workspace);
    toResult.run(resultCopy, MemorySegment.NULL, result, workspace);
  }

  @Override
  public long workspaceBytes() {
    return Math.max(
        Math.max(toA.workspaceBytes(), toB.workspaceBytes()),
        Math.max(inner.workspaceBytes(), toResult.workspaceBytes()));
  }

  @Override
  public String describe() {
    return inner.describe() + " on BF16 copies";
  }
}

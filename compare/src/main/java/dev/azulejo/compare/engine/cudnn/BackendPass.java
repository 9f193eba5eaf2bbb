package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnn_h;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * An execution plan of the graph API. The addresses it works on are in a variant pack, which cannot
 * be changed: there is one for each set of addresses that was met, so that a training step, which
 * comes with the same ones every time, makes none.
 */
final class BackendPass implements CudnnPass {
  /** More sets of addresses than this are met by nobody who runs the same tensors again. */
  private static final int MOST_PACKS = 64;

  private record Pack(
      long a, long b, long result, long workspace, CudnnHandles owner, MemorySegment pack) {}

  private final CudnnSession session;
  private final MemorySegment plan;
  private final boolean binary;
  private final long workspaceBytes;
  private final String description;
  private final List<Pack> packs = new ArrayList<>();

  /**
   * A pass that a plan computes.
   *
   * @param plan finalized
   * @param binary whether it has a second operand
   * @param owner of the plan, and so of the packs
   */
  BackendPass(
      CudnnSession session, CudnnHandles owner, Backend plan, boolean binary, String description) {
    this.session = session;
    this.plan = plan.descriptor();
    this.binary = binary;
    this.description = description;
    workspaceBytes = plan.getLong(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE());
    owner.own(this::forget);
  }

  @Override
  public void run(MemorySegment a, MemorySegment b, MemorySegment result, MemorySegment workspace) {
    Cudnn cudnn = session.cudnn();
    cudnn.check(
        cudnn.api().backendExecute(session.handle(), plan, pack(a, b, result, workspace)),
        "cudnnBackendExecute",
        description);
  }

  @Override
  public long workspaceBytes() {
    return workspaceBytes;
  }

  @Override
  public String describe() {
    return description;
  }

  private MemorySegment pack(
      MemorySegment a, MemorySegment b, MemorySegment result, MemorySegment workspace) {
    for (int i = 0; i < packs.size(); i++) {
      Pack one = packs.get(i);
      if (one.a == a.address()
          && one.b == b.address()
          && one.result == result.address()
          && one.workspace == workspace.address()) {
        return one.pack;
      }
    }
    return newPack(a, b, result, workspace);
  }

  private MemorySegment newPack(
      MemorySegment a, MemorySegment b, MemorySegment result, MemorySegment workspace) {
    if (packs.size() == MOST_PACKS) {
      forget();
    }
    CudnnHandles owner = new CudnnHandles(session.cudnn());
    Backend made = Backend.create(owner, cudnn_h.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR(), "pack");
    int names = cudnn_h.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS();
    int pointers = cudnn_h.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS();
    int pointer = cudnn_h.CUDNN_TYPE_VOID_PTR();
    if (binary) {
      made.set(names, ConvolutionGraph.A, ConvolutionGraph.B, ConvolutionGraph.RESULT)
          .setPointers(pointers, pointer, a, b, result);
    } else {
      made.set(names, ConvolutionGraph.A, ConvolutionGraph.RESULT)
          .setPointers(pointers, pointer, a, result);
    }
    made.setPointers(cudnn_h.CUDNN_ATTR_VARIANT_PACK_WORKSPACE(), pointer, workspace).complete();
    packs.add(
        new Pack(
            a.address(),
            b.address(),
            result.address(),
            workspace.address(),
            owner,
            made.descriptor()));
    return made.descriptor();
  }

  private void forget() {
    packs.forEach(pack -> pack.owner.close());
    packs.clear();
  }
}

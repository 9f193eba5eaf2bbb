package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.engine.Precision;
import java.util.ArrayList;
import java.util.List;

/**
 * The plans that cuDNN's heuristics propose for a graph, best first, without those that round the
 * factors more than was asked for and those that their engine then refuses.
 */
final class BackendSearch {
  private BackendSearch() {}

  /**
   * Asks the heuristics.
   *
   * @param graph a finalized operation graph
   * @param binary whether its operation has two operands
   * @param most plans of interest
   */
  static List<CudnnPass> passes(
      CudnnSession session,
      CudnnHandles owner,
      Backend graph,
      boolean binary,
      Precision precision,
      int most) {
    Backend heuristics =
        Backend.create(owner, cudnn_h.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR(), "heuristics")
            .set(cudnn_h.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH(), graph)
            .setEnum(
                cudnn_h.CUDNN_ATTR_ENGINEHEUR_MODE(),
                cudnn_h.CUDNN_TYPE_HEUR_MODE(),
                cudnn_h.CUDNN_HEUR_MODE_A())
            .complete();
    Backend[] configurations = new Backend[4 * most]; // some are left out below
    for (int i = 0; i < configurations.length; i++) {
      configurations[i] =
          Backend.create(owner, cudnn_h.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR(), "configuration");
    }
    int proposed =
        heuristics.getDescriptors(cudnn_h.CUDNN_ATTR_ENGINEHEUR_RESULTS(), configurations);
    List<CudnnPass> passes = new ArrayList<>();
    for (int i = 0; i < proposed && passes.size() < most; i++) {
      Backend engine = Backend.create(owner, cudnn_h.CUDNN_BACKEND_ENGINE_DESCRIPTOR(), "engine");
      configurations[i].getDescriptors(cudnn_h.CUDNN_ATTR_ENGINECFG_ENGINE(), engine);
      if (!isPrecise(engine, precision)) {
        continue;
      }
      Backend plan =
          Backend.create(owner, cudnn_h.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR(), "plan")
              .setPointers(
                  cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_HANDLE(),
                  cudnn_h.CUDNN_TYPE_HANDLE(),
                  session.handle())
              .set(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG(), configurations[i]);
      if (plan.completes()) {
        long index = engine.getLong(cudnn_h.CUDNN_ATTR_ENGINE_GLOBAL_INDEX());
        passes.add(new BackendPass(session, owner, plan, binary, "graph API, engine " + index));
      }
    }
    return passes;
  }

  private static boolean isPrecise(Backend engine, Precision precision) {
    int[] notes =
        engine.getEnums(
            cudnn_h.CUDNN_ATTR_ENGINE_NUMERICAL_NOTE(),
            cudnn_h.CUDNN_TYPE_NUMERICAL_NOTE(),
            cudnn_h.CUDNN_NUMERICAL_NOTE_TYPE_COUNT());
    for (int note : notes) {
      // With float32 tensors a tensor core multiplies TF32; converted inputs are FP16 or BF16.
      boolean tensorCore = note == cudnn_h.CUDNN_NUMERICAL_NOTE_TENSOR_CORE();
      boolean converted = note == cudnn_h.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS();
      if (precision == Precision.FP32 && tensorCore || precision != Precision.BF16 && converted) {
        return false;
      }
    }
    return true;
  }
}

package dev.azulejo.compare.engine.onednn;

import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.DensePlan;
import dev.azulejo.ops.DenseProblem;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** A dense layer of oneDNN's (its "inner product"), for each size of mini-batch that was met. */
final class DnnlDense implements DensePlan {
  private final DnnlSession session;
  private final Stream stream;
  private final DenseProblem problem;
  private final DnnlDensePasses[] passes;
  private DnnlDensePasses now;

  DnnlDense(DnnlSession session, DenseProblem problem) {
    this.session = session;
    this.stream = session.stream();
    this.problem = problem;
    passes = new DnnlDensePasses[Math.toIntExact(problem.batch()) + 1];
    setBatch(Math.toIntExact(problem.batch()));
  }

  @Override
  public void setBatch(int batch) {
    problem.setBatch(batch);
    if (passes[batch] == null) {
      session.useTeam(); // kernels are made for a number of threads
      passes[batch] = new DnnlDensePasses(session, problem);
    }
    now = passes[batch];
  }

  @Override
  public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
    DnnlPass pass = now.forward(bias != null);
    pass.set(0, floats(x, problem.inputCount(), "x"));
    pass.set(1, floats(w, problem.weightCount(), "w"));
    pass.set(2, floats(y, problem.outputCount(), "y"));
    if (bias != null) {
      pass.set(3, floats(bias, problem.outputs(), "bias"));
    }
    pass.run();
  }

  @Override
  public void gradWeights(Tensor x, Tensor gradZ, Tensor gradW, Tensor gradBias) {
    DnnlPass pass = now.gradWeights(gradBias != null);
    pass.set(0, floats(x, problem.inputCount(), "x"));
    pass.set(1, floats(gradZ, problem.outputCount(), "gradZ"));
    pass.set(2, floats(gradW, problem.weightCount(), "gradW"));
    if (gradBias != null) {
      pass.set(3, floats(gradBias, problem.outputs(), "gradBias"));
    }
    pass.run();
  }

  @Override
  public void gradInput(Tensor gradZ, Tensor w, Tensor gradX) {
    DnnlPass pass = now.gradInput();
    pass.set(0, floats(gradZ, problem.outputCount(), "gradZ"));
    pass.set(1, floats(w, problem.weightCount(), "w"));
    pass.set(2, floats(gradX, problem.inputCount(), "gradX"));
    pass.run();
  }

  private MemorySegment floats(Tensor tensor, long needed, String name) {
    return Objects.requireNonNull(tensor, name).argument(stream, ElementType.F32, needed, name);
  }
}

package dev.azulejo.compare.engine.onednn;

import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvPass;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** A convolution of oneDNN's: its primitives, for each size of mini-batch that was met. */
final class DnnlConvolution implements ConvolutionPlan {
  private final DnnlSession session;
  private final Stream stream;
  private final Conv2dProblem problem;
  private final DnnlConvolutionPasses[] passes;
  private DnnlConvolutionPasses now;

  DnnlConvolution(DnnlSession session, Conv2dProblem problem) {
    this.session = session;
    this.stream = session.stream();
    this.problem = problem;
    passes = new DnnlConvolutionPasses[Math.toIntExact(problem.batch()) + 1];
    setBatch(Math.toIntExact(problem.batch()));
  }

  @Override
  public void setBatch(int batch) {
    problem.setBatch(batch);
    if (passes[batch] == null) {
      session.useTeam(); // kernels are made for a number of threads
      passes[batch] = new DnnlConvolutionPasses(session, problem);
    }
    now = passes[batch];
  }

  /** None: what it needs is its own, see {@link DnnlSession#bytes}. */
  @Override
  public long workspaceBytes() {
    return 0;
  }

  @Override
  public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
    DnnlPass pass = now.forward(bias != null);
    pass.set(0, floats(x, problem.inputCount(), "x"));
    pass.set(1, floats(w, problem.weightCount(), "w"));
    pass.set(2, floats(y, problem.outputCount(), "y"));
    if (bias != null) {
      pass.set(3, floats(bias, problem.biasCount(), "bias"));
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
      pass.set(3, floats(gradBias, problem.biasCount(), "gradBias"));
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

  @Override
  public String algorithm(ConvPass pass) {
    return switch (pass) {
      case FORWARD -> now.forward(true).describe();
      case GRAD_INPUT -> now.gradInput().describe();
      case GRAD_WEIGHTS -> now.gradWeights(true).describe();
    };
  }

  private MemorySegment floats(Tensor tensor, long needed, String name) {
    return Objects.requireNonNull(tensor, name).argument(stream, ElementType.F32, needed, name);
  }
}

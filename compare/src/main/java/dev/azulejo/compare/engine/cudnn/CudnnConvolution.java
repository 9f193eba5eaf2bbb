package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Activations;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvPass;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A convolution of cuDNN's: its passes, for each size of mini-batch that was met. The bias is
 * cuDNN's, too; the activation is ours, in place.
 */
final class CudnnConvolution implements ConvolutionPlan {
  private final CudnnSession session;
  private final Stream stream;
  private final Conv2dProblem problem;
  private final CudnnConvolutionPasses[] passes;
  private CudnnConvolutionPasses now;

  CudnnConvolution(CudnnSession session, Conv2dProblem problem) {
    this.session = session;
    this.stream = session.stream();
    this.problem = problem;
    passes = new CudnnConvolutionPasses[Math.toIntExact(problem.batch()) + 1];
    setBatch(Math.toIntExact(problem.batch()));
  }

  @Override
  public void setBatch(int batch) {
    problem.setBatch(batch);
    if (passes[batch] == null) {
      passes[batch] = new CudnnConvolutionPasses(session, problem);
    }
    now = passes[batch];
  }

  /** None: what it needs is its own, see {@link CudnnSession#bytes}. */
  @Override
  public long workspaceBytes() {
    return 0;
  }

  @Override
  public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
    stream.handle();
    MemorySegment ys = floats(y, problem.outputCount(), "y");
    now.pass(ConvPass.FORWARD)
        .run(
            floats(x, problem.inputCount(), "x"),
            floats(w, problem.weightCount(), "w"),
            ys,
            session.workspace());
    if (bias != null) {
      now.addBias(floats(bias, problem.biasCount(), "bias"), ys);
    }
    if (problem.activation() != Activation.IDENTITY) {
      Activations.forward(
          stream, problem.activation(), problem.slope(), problem.outputCount(), y, y);
    }
  }

  @Override
  public void gradWeights(Tensor x, Tensor gradZ, Tensor gradW, Tensor gradBias) {
    stream.handle();
    MemorySegment gradient = floats(gradZ, problem.outputCount(), "gradZ");
    now.pass(ConvPass.GRAD_WEIGHTS)
        .run(
            floats(x, problem.inputCount(), "x"),
            gradient,
            floats(gradW, problem.weightCount(), "gradW"),
            session.workspace());
    if (gradBias != null) {
      now.gradBias(gradient, floats(gradBias, problem.biasCount(), "gradBias"));
    }
  }

  @Override
  public void gradInput(Tensor gradZ, Tensor w, Tensor gradX) {
    stream.handle();
    now.pass(ConvPass.GRAD_INPUT)
        .run(
            floats(w, problem.weightCount(), "w"),
            floats(gradZ, problem.outputCount(), "gradZ"),
            floats(gradX, problem.inputCount(), "gradX"),
            session.workspace());
  }

  @Override
  public String algorithm(ConvPass pass) {
    return now.pass(pass).describe();
  }

  private MemorySegment floats(Tensor tensor, long needed, String name) {
    return Objects.requireNonNull(tensor, name).argument(stream, ElementType.F32, needed, name);
  }
}

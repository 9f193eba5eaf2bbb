package dev.azulejo.compare.training;

import dev.azulejo.device.Tensor;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.DensePlan;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.DenseProblem;
import dev.azulejo.ops.Elementwise;

/** An engine whose dense layers give nine tenths of what they should. */
record WrongSession(EngineSession right) implements EngineSession {
  @Override
  public ConvolutionPlan convolution(Conv2dProblem problem) {
    return right.convolution(problem);
  }

  @Override
  public DensePlan dense(DenseProblem problem) {
    DensePlan plan = right.dense(problem);
    return new DensePlan() {
      @Override
      public void setBatch(int batch) {
        plan.setBatch(batch);
      }

      @Override
      public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
        plan.forward(x, w, bias, y);
        Elementwise.scale(y.device().stream(), y.count(), 0.9f, y);
      }

      @Override
      public void gradWeights(Tensor x, Tensor gradZ, Tensor gradW, Tensor gradBias) {
        plan.gradWeights(x, gradZ, gradW, gradBias);
      }

      @Override
      public void gradInput(Tensor gradZ, Tensor w, Tensor gradX) {
        plan.gradInput(gradZ, w, gradX);
      }
    };
  }

  @Override
  public long bytes() {
    return right.bytes();
  }

  @Override
  public void close() {
    right.close();
  }
}

package dev.azulejo.engine;

import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Convolution;
import dev.azulejo.ops.Dense;
import dev.azulejo.ops.DenseProblem;
import java.util.Locale;

/** Azulejo's own kernels: each call is one operation of {@link dev.azulejo.ops}. */
final class AzulejoEngine implements Engine {
  static final AzulejoEngine INSTANCE = new AzulejoEngine();
  static final String NAME = "azulejo";

  private AzulejoEngine() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public EngineSession open(Stream stream, boolean training) {
    return new Session(stream, training);
  }

  private record Session(Stream stream, boolean training) implements EngineSession {
    @Override
    public ConvolutionPlan convolution(Conv2dProblem problem) {
      return new OwnConvolution(stream, problem, training);
    }

    @Override
    public DensePlan dense(DenseProblem problem) {
      return new OwnDense(stream, problem);
    }

    @Override
    public long bytes() {
      return 0;
    }

    /** Its plans hold nothing but their descriptors. */
    @Override
    public void close() {}
  }

  private record OwnConvolution(Stream stream, Conv2dProblem problem, boolean training)
      implements ConvolutionPlan {
    @Override
    public void setBatch(int batch) {
      problem.setBatch(batch);
    }

    @Override
    public long workspaceBytes() {
      long bytes = Convolution.workspaceBytes(stream, problem, ConvPass.FORWARD);
      if (training) {
        bytes = Math.max(bytes, Convolution.workspaceBytes(stream, problem, ConvPass.GRAD_INPUT));
        bytes = Math.max(bytes, Convolution.workspaceBytes(stream, problem, ConvPass.GRAD_WEIGHTS));
      }
      return bytes;
    }

    @Override
    public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
      Convolution.forward(stream, problem, x, w, bias, y);
    }

    @Override
    public void gradWeights(Tensor x, Tensor gradZ, Tensor gradW, Tensor gradBias) {
      if (gradBias != null) {
        Convolution.gradBias(stream, problem, gradZ, gradBias);
      }
      Convolution.gradWeights(stream, problem, x, gradZ, gradW);
    }

    @Override
    public void gradInput(Tensor gradZ, Tensor w, Tensor gradX) {
      Convolution.gradInput(stream, problem, gradZ, w, gradX);
    }

    @Override
    public String algorithm(ConvPass pass) {
      ConvAlgorithm algorithm = Convolution.algorithm(stream, problem, pass);
      return algorithm.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private record OwnDense(Stream stream, DenseProblem problem) implements DensePlan {
    @Override
    public void setBatch(int batch) {
      problem.setBatch(batch);
    }

    @Override
    public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
      Dense.forward(stream, problem, x, w, bias, y);
    }

    @Override
    public void gradWeights(Tensor x, Tensor gradZ, Tensor gradW, Tensor gradBias) {
      if (gradBias != null) {
        Dense.gradBias(stream, problem, gradZ, gradBias);
      }
      Dense.gradWeights(stream, problem, x, gradZ, gradW);
    }

    @Override
    public void gradInput(Tensor gradZ, Tensor w, Tensor gradX) {
      Dense.gradInput(stream, problem, gradZ, w, gradX);
    }
  }
}

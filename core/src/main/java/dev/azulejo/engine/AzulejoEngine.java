package dev.azulejo.engine;

import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.ops.Convolution;
import dev.azulejo.ops.Dense;
import dev.azulejo.ops.DenseProblem;
import dev.azulejo.ops.PooledConvolution;
import dev.azulejo.ops.Precision;
import java.util.Locale;
import java.util.Optional;

/**
 * Azulejo's own kernels: each call is one operation of {@link dev.azulejo.ops}.
 *
 * @param precision what AUTO algorithms may round the factors of products to, at most
 */
record AzulejoEngine(Precision precision) implements Engine {
  static final AzulejoEngine INSTANCE = new AzulejoEngine(Precision.FLOAT32);
  static final AzulejoEngine TF32 = new AzulejoEngine(Precision.TF32);
  static final String NAME = "azulejo";

  @Override
  public String name() {
    return precision == Precision.FLOAT32 ? NAME : NAME + ":tf32";
  }

  @Override
  public EngineSession open(Stream stream, boolean training) {
    return new Session(stream, training, precision);
  }

  private record Session(Stream stream, boolean training, Precision precision)
      implements EngineSession {
    @Override
    public ConvolutionPlan convolution(Conv2dProblem problem) {
      Conv2dProblem rounding = problem.withPrecision(precision);
      return own(rounding, Convolution.algorithm(stream, rounding, ConvPass.FORWARD));
    }

    @Override
    public Optional<PooledConvolutionPlan> pooledConvolution(Conv2dProblem problem) {
      Conv2dProblem rounding = problem.withPrecision(precision);
      ConvAlgorithm forward = PooledConvolution.algorithm(stream, rounding);
      return Optional.of(new OwnPooledConvolution(stream, own(rounding, forward)));
    }

    @Override
    public DensePlan dense(DenseProblem problem) {
      return new OwnDense(stream, problem.withPrecision(precision));
    }

    private OwnConvolution own(Conv2dProblem problem, ConvAlgorithm forward) {
      return new OwnConvolution(stream, problem, forward, training);
    }

    @Override
    public long bytes() {
      return 0;
    }

    /** Its plans hold nothing but their descriptors. */
    @Override
    public void close() {}
  }

  /**
   * Each pass by an algorithm of its own. AUTO is settled here, for the largest mini-batch: a
   * shorter one runs the same algorithms, in a workspace that is large enough for all, and nothing
   * is measured in the middle of a step.
   */
  private static final class OwnConvolution implements ConvolutionPlan {
    private final Stream stream;
    private final boolean training;
    private final Conv2dProblem forward;
    private final Conv2dProblem gradInput;
    private final Conv2dProblem gradWeights;

    OwnConvolution(
        Stream stream, Conv2dProblem problem, ConvAlgorithm forwardAlgorithm, boolean training) {
      this.stream = stream;
      this.training = training;
      forward = problem.withAlgorithm(forwardAlgorithm);
      gradInput = training ? settled(problem, ConvPass.GRAD_INPUT) : forward;
      gradWeights = training ? settled(problem, ConvPass.GRAD_WEIGHTS) : forward;
    }

    private Conv2dProblem settled(Conv2dProblem problem, ConvPass pass) {
      return problem.withAlgorithm(Convolution.algorithm(stream, problem, pass));
    }

    @Override
    public void setBatch(int batch) {
      forward.setBatch(batch);
      gradInput.setBatch(batch);
      gradWeights.setBatch(batch);
    }

    @Override
    public long workspaceBytes() {
      return Math.max(bytes(forward, ConvPass.FORWARD), gradientBytes());
    }

    long gradientBytes() {
      return training
          ? Math.max(
              bytes(gradInput, ConvPass.GRAD_INPUT), bytes(gradWeights, ConvPass.GRAD_WEIGHTS))
          : 0;
    }

    private long bytes(Conv2dProblem problem, ConvPass pass) {
      return Convolution.workspaceBytes(stream, problem, pass);
    }

    @Override
    public void forward(Tensor x, Tensor w, Tensor bias, Tensor y) {
      Convolution.forward(stream, forward, x, w, bias, y);
    }

    @Override
    public void gradWeights(Tensor x, Tensor gradZ, Tensor gradW, Tensor gradBias) {
      if (gradBias != null) {
        Convolution.gradBias(stream, gradWeights, gradZ, gradBias);
      }
      Convolution.gradWeights(stream, gradWeights, x, gradZ, gradW);
    }

    @Override
    public void gradInput(Tensor gradZ, Tensor w, Tensor gradX) {
      Convolution.gradInput(stream, gradInput, gradZ, w, gradX);
    }

    @Override
    public String algorithm(ConvPass pass) {
      ConvAlgorithm algorithm =
          switch (pass) {
            case FORWARD -> forward.algorithm();
            case GRAD_INPUT -> gradInput.algorithm();
            case GRAD_WEIGHTS -> gradWeights.algorithm();
          };
      return algorithm.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Forward by what is the best together with the pooling, the gradients as without it. */
  private record OwnPooledConvolution(Stream stream, OwnConvolution convolution)
      implements PooledConvolutionPlan {
    @Override
    public void setBatch(int batch) {
      convolution.setBatch(batch);
    }

    @Override
    public long workspaceBytes() {
      return Math.max(
          PooledConvolution.workspaceBytes(stream, convolution.forward),
          convolution.gradientBytes());
    }

    @Override
    public void forward(Tensor x, Tensor w, Tensor bias, Tensor y, Tensor argmax) {
      PooledConvolution.forward(stream, convolution.forward, x, w, bias, y, argmax);
    }

    @Override
    public void backward(Tensor y, Tensor argmax, Tensor gradY, Tensor gradZ, Tensor gradBias) {
      PooledConvolution.backward(stream, convolution.forward, y, argmax, gradY, gradZ, gradBias);
    }

    @Override
    public void gradWeights(Tensor x, Tensor gradZ, Tensor gradW) {
      convolution.gradWeights(x, gradZ, gradW, null);
    }

    @Override
    public void gradInput(Tensor gradZ, Tensor w, Tensor gradX) {
      convolution.gradInput(gradZ, w, gradX);
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

package dev.azulejo.engine;

import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.DenseProblem;
import java.util.Optional;

/**
 * Azulejo's kernels on activations, gradients and copies of the weights in BF16 with channels last;
 * weights, their gradients, sums and the optimiser stay float32. For CUDA devices of compute
 * capability 9.0.
 */
final class Bf16Engine implements Engine {
  static final Bf16Engine INSTANCE = new Bf16Engine();

  private Bf16Engine() {}

  @Override
  public String name() {
    return AzulejoEngine.NAME + ":" + Precision.BF16;
  }

  @Override
  public EngineSession open(Stream stream, boolean training) {
    DeviceInfo info = stream.device().info();
    if (!ConvAlgorithm.HOPPER_BF16.runsOn(info)) {
      throw new UnsupportedProblemException(
          "engine " + name(),
          "it needs a CUDA device of compute capability 9.0 (Hopper), and "
              + stream.device()
              + " ("
              + info.name()
              + ") is none; engine "
              + AzulejoEngine.NAME
              + " works on every device");
    }
    return new Session(stream, training);
  }

  private record Session(Stream stream, boolean training) implements EngineSession {
    @Override
    public Storage storage() {
      return Storage.BF16;
    }

    @Override
    public ConvolutionPlan convolution(Conv2dProblem problem) {
      return new Bf16ConvolutionPlan(stream, problem, training);
    }

    /** Empty beyond the limits of the operation, which are narrower than a convolution's. */
    @Override
    public Optional<PooledConvolutionPlan> pooledConvolution(Conv2dProblem problem) {
      try {
        return Optional.of(new Bf16PooledConvolutionPlan(stream, problem, training));
      } catch (UnsupportedProblemException e) {
        return Optional.empty(); // if the convolution is beyond its own, it says so by itself
      }
    }

    @Override
    public DensePlan dense(DenseProblem problem) {
      throw new UnsupportedProblemException(
          "engine " + INSTANCE.name(),
          "a dense layer on BF16 with channels last is a convolution whose kernel covers the image;"
              + " ask for that");
    }

    @Override
    public long bytes() {
      return 0;
    }

    /** Its plans hold nothing but their descriptors. */
    @Override
    public void close() {}
  }
}

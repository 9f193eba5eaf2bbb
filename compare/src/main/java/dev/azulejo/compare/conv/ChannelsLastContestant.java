package dev.azulejo.compare.conv;

import dev.azulejo.compare.engine.cudnn.CudnnChannelsLast;
import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.device.Stream;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;

/** cuDNN on the same BF16 operands as ours. */
final class ChannelsLastContestant implements Contestant {
  private final String name;
  private final ConvData data;
  private final CudnnChannelsLast cudnn;

  ChannelsLastContestant(
      String name, Stream stream, ConvCase problem, ConvPass pass, ConvData data) {
    this.name = name;
    this.data = data;
    var conv =
        new Conv2dProblem(
            problem.shape(), problem.batch(), ConvAlgorithm.AUTO, 0, Activation.IDENTITY, 0);
    cudnn =
        new CudnnChannelsLast(stream, conv, pass, data.first(0), data.second(0), data.result(0));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String algorithm() {
    return cudnn.describe();
  }

  @Override
  public long workspaceBytes() {
    return cudnn.bytes();
  }

  /** Brings a gradient to the weights to where it is compared. */
  @Override
  public void prove() {
    run(0);
    if (cudnn.gradient() != null) {
      data.bringGradient(cudnn.gradient());
    }
  }

  @Override
  public void run(int set) {
    cudnn.run(data.first(set), data.second(set), data.result(set));
  }

  @Override
  public void close() {
    cudnn.close();
  }
}

package dev.azulejo.compare.conv;

import dev.azulejo.compare.engine.onednn.DnnlApart;
import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Precision;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.ConvPass;

/**
 * oneDNN on operands in its own layouts: the reorders are done before and are not in its time. With
 * them it is the engine {@code onednn}.
 */
final class BlockedContestant implements Contestant {
  static final String NAME = "onednn blocked";

  private final DnnlApart apart;
  private final ConvData data;

  BlockedContestant(
      Stream stream, ConvCase problem, ConvPass pass, Precision precision, ConvData data) {
    var conv =
        new Conv2dProblem(
            problem.shape(), problem.batch(), ConvAlgorithm.AUTO, 0, Activation.IDENTITY, 0);
    this.data = data;
    apart = new DnnlApart(stream, conv, pass, precision, data.sets());
    for (int set = data.sets() - 1; set >= 0; set--) {
      solve(set);
    }
  }

  private void solve(int set) {
    apart.solve(set, data.first(set), data.second(set), data.result(set));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String algorithm() {
    return apart.describe() + " before and after, not timed";
  }

  @Override
  public long workspaceBytes() {
    return apart.bytes() / data.sets();
  }

  /** With the reorders, which bring the result to where it is compared. */
  @Override
  public void prove() {
    solve(0);
  }

  @Override
  public void run(int set) {
    apart.compute(set);
  }

  @Override
  public void close() {
    apart.close();
  }
}

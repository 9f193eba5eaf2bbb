package dev.azulejo.cli.selftest;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Runs checks on a device. */
public final class Selftest {
  private Selftest() {}

  /** Every operation by every algorithm that a device has, in the order of azulejo.h. */
  public static List<Check> checks(DeviceInfo device) {
    List<Check> all = new ArrayList<>();
    all.addAll(ElementwiseChecks.all());
    all.addAll(GemmChecks.all(device));
    all.addAll(ActivationChecks.all());
    all.addAll(ConvolutionChecks.all(device));
    all.addAll(PoolingChecks.all());
    all.addAll(PooledConvolutionChecks.all(device));
    all.addAll(DenseChecks.all());
    all.addAll(LossChecks.all());
    all.addAll(OptimizerChecks.all());
    all.addAll(Bf16Checks.all(device));
    all.addAll(Bf16ProductChecks.all(device));
    all.addAll(Bf16PooledConvolutionChecks.all(device));
    all.addAll(DataChecks.all());
    return all;
  }

  /**
   * Runs checks on a device's default stream; one that fails does not keep the others from running.
   *
   * @param listener is told each outcome when it is there
   */
  public static List<Outcome> run(Device device, List<Check> checks, Consumer<Outcome> listener) {
    List<Outcome> outcomes = new ArrayList<>();
    for (Check check : checks) {
      Outcome outcome = check.run(() -> new Workbench(device.stream()));
      outcomes.add(outcome);
      listener.accept(outcome);
    }
    return outcomes;
  }
}

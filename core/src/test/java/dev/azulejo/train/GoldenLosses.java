package dev.azulejo.train;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.nn.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A short run whose losses are written down in {@link GoldenLossTest}; also a program, so that the
 * test can run it with every instruction set, which a process chooses once.
 */
final class GoldenLosses {
  private GoldenLosses() {}

  /** Prints a line of numbers. */
  public static void main(String[] args) {
    run(DeviceKind.CPU).forEach(loss -> System.out.printf(Locale.ROOT, "%.9g ", loss));
    System.out.println();
  }

  /** The mean losses of the first steps of SGD with momentum, then of Adam. */
  static List<Double> run(DeviceKind kind) {
    List<Double> losses = new ArrayList<>();
    for (Optimizer optimizer :
        List.of(Sgd.rate(0.02f).momentum(0.9f), Adam.rate(0.002f).weightDecay(1e-3f))) {
      try (Device device = kind == DeviceKind.CPU ? Device.cpu(2) : Device.open(kind);
          Network network = Network.create(device, SmallRuns.SPEC, 42)) {
        Trainer trainer =
            Trainer.of(network).reportEvery(1).optimizer(optimizer).batchSize(16).seed(42);
        trainer.listener(
            new TrainingListener() {
              private double before;

              @Override
              public void batch(BatchReport report) {
                double sum = report.loss() * report.samples();
                losses.add((sum - before) / 16);
                before = sum;
              }
            });
        trainer.fit(SmallRuns.glyphs(16 * 6), 1);
      }
    }
    return losses;
  }
}

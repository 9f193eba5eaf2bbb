package dev.azulejo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Glyphs;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.Zoo;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** LeNet-5's first losses on a device are those of the CPU's portable order of sums. */
class DeviceAgreementTest extends DeviceTest {
  private static final NetworkSpec SPEC = Zoo.spec("lenet5", Zoo.defaultInput("lenet5"), 10);
  private static final Dataset DATA = Glyphs.generate(14, SPEC.input(), 11);
  private static final int BATCH = 4; // 4, 4, 4 and 2
  private static final float RATE = 0.05f;

  /**
   * The longest sum: the inputs of the first dense layer, 16 x 5 x 5, or those of its gradients.
   */
  private static final int TERMS = 400;

  private static final double U = 0x1p-24;

  /**
   * Losses and weights after each mini-batch.
   *
   * @param losses of the mini-batches, means
   * @param weights before each of them
   */
  private record Steps(List<Double> losses, List<float[]> weights) {}

  private static Steps steps(Device on) {
    List<Double> losses = new ArrayList<>();
    List<float[]> weights = new ArrayList<>();
    try (Network network = Network.create(on, SPEC, 42)) {
      weights.add(SmallRuns.weights(network));
      Trainer.of(network)
          .optimizer(Sgd.rate(RATE))
          .batchSize(BATCH)
          .reportEvery(1)
          .listener(
              new TrainingListener() {
                private double sum;
                private long samples;

                @Override
                public void batch(BatchReport report) {
                  double now = report.loss() * report.samples();
                  losses.add((now - sum) / (report.samples() - samples));
                  sum = now;
                  samples = report.samples();
                  weights.add(SmallRuns.weights(network));
                }
              })
          .fit(DATA, 1);
    }
    return new Steps(losses, weights);
  }

  @Test
  void lossesEqualTheCpus() {
    Steps expected;
    try (Device cpu = Device.cpu(1)) {
      expected = steps(cpu);
    }
    List<Double> losses = steps(device).losses();
    assertEquals(4, losses.size());
    for (int k = 0; k < losses.size(); k++) {
      double loss = expected.losses().get(k);
      double tolerance = tolerance(k, loss, expected.weights());
      double difference = Math.abs(losses.get(k) - loss);
      String text =
          "step " + (k + 1) + ": " + losses.get(k) + ", CPU " + loss + ", tolerance " + tolerance;
      assertTrue(difference <= tolerance, text);
      // A bound that a wrong step could pass would be none.
      assertTrue(tolerance < 0.01 * loss, text);
    }
  }

  /** docs/numerics.md, "Training on two devices"; plain descent's gradient is what it subtracts. */
  private static double tolerance(int step, double loss, List<float[]> weights) {
    float[] before = weights.get(step);
    float[] after = weights.get(step + 1);
    double sensitivity = 0;
    for (int i = 0; i < before.length; i++) {
      sensitivity += Math.abs((before[i] - after[i]) / RATE * before[i]);
    }
    return 4 * (step + 1) * (TERMS + 2) * U * (loss + sensitivity);
  }
}

package dev.azulejo.train;

import static dev.azulejo.train.SmallRuns.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Subset;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Network;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * A run ends after the first epoch that reaches the accuracy asked for, and says how long it took.
 */
class UntilAccuracyTest extends DeviceTest {
  private static final Dataset DATA = SmallRuns.glyphs(60);
  private static final Dataset MEASURED = Subset.range(DATA, 0, 20);
  private static final int EPOCHS = 8;

  private static Trainer trainer(Network network) {
    return Trainer.of(network).optimizer(Adam.rate(0.01f)).batchSize(10).validation(MEASURED);
  }

  @Test
  void firstEpochThatReachesIt() {
    List<EpochReport> all;
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      TrainingHistory history = trainer(network).fit(DATA, EPOCHS);
      all = history.epochs();
      double epochs = all.stream().mapToDouble(EpochReport::seconds).sum();
      assertEquals(Optional.empty(), history.earlyStop());
      assertTrue(history.seconds() >= epochs, "with what is measured: " + history);
    }
    double target = all.getLast().validationAccuracy();
    assertTrue(target > all.getFirst().validationAccuracy(), "it learns: " + all);
    int reached = 1;
    while (all.get(reached - 1).validationAccuracy() < target) {
      reached++;
    }
    try (Network until = Network.create(device, SmallRuns.SPEC, 1);
        Network plain = Network.create(device, SmallRuns.SPEC, 1)) {
      TrainingHistory history = trainer(until).untilAccuracy(target).fit(DATA, EPOCHS);
      assertEquals(reached, history.epochs().size());
      assertMessage(
          "in epoch " + reached + ", asked for",
          new IllegalStateException(history.earlyStop().orElseThrow()));
      trainer(plain).fit(DATA, reached);
      assertArrayEquals(SmallRuns.weights(plain), SmallRuns.weights(until));
    }
  }

  @Test
  void accuracyThatIsNotReachedEndsNothing() {
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      TrainingHistory history =
          trainer(network).optimizer(Sgd.rate(1e-9f)).untilAccuracy(1).fit(DATA, 2);
      assertEquals(2, history.epochs().size());
      assertEquals(Optional.empty(), history.earlyStop());
    }
  }

  @Test
  void misuseIsNamed() {
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      for (double wrong : new double[] {0, 1.01, 90, Double.NaN}) {
        assertMessage(
            "the accuracy to reach must be above 0 and at most 1, was " + wrong,
            assertThrows(
                IllegalArgumentException.class, () -> Trainer.of(network).untilAccuracy(wrong)));
      }
      assertMessage(
          "needs a validation set",
          assertThrows(
              IllegalArgumentException.class,
              () -> Trainer.of(network).untilAccuracy(0.5).fit(DATA, 1)));
    }
  }
}

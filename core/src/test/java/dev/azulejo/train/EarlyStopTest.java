package dev.azulejo.train;

import static dev.azulejo.train.SmallRuns.assertMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.data.Subset;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EarlyStopTest extends DeviceTest {

  /** After which epoch the run ends; 0 where it does not. */
  private static int endsAfter(EarlyStop stop, List<EpochReport> epochs) {
    for (int i = 0; i <= epochs.size(); i++) {
      if (stop.decide(epochs.subList(0, i)).isPresent()) {
        return i;
      }
    }
    return 0;
  }

  private static List<EpochReport> validated(double... losses) {
    List<EpochReport> epochs = new ArrayList<>();
    for (int i = 0; i < losses.length; i++) {
      // The training loss falls all the time, as it does when a network begins to overfit.
      epochs.add(
          new EpochReport(i + 1, losses.length, 1.0 / (i + 1), 0.5, losses[i], 0.5, 0.1f, 1, 10));
    }
    return epochs;
  }

  private static List<EpochReport> trained(double... losses) {
    List<EpochReport> epochs = new ArrayList<>();
    for (int i = 0; i < losses.length; i++) {
      epochs.add(
          new EpochReport(
              i + 1, losses.length, losses[i], 0.5, Double.NaN, Double.NaN, 0.1f, 1, 10));
    }
    return epochs;
  }

  @Test
  void patienceCountsEpochsSinceTheBest() {
    assertEquals(3, endsAfter(EarlyStop.patience(1), validated(3, 2, 2, 1)));
    assertEquals(0, endsAfter(EarlyStop.patience(2), validated(3, 2, 2, 1)));
    assertEquals(6, endsAfter(EarlyStop.patience(2), validated(3, 2, 2.5, 1, 1.5, 1.2, 0.5)));
    assertEquals(0, endsAfter(EarlyStop.patience(1), validated(5, 4, 3, 2, 1)));
    assertEquals(
        Optional.of("no improvement of the loss in 2 epochs: best 2.0000 in epoch 2"),
        EarlyStop.patience(2).decide(validated(3, 2, 2, 4)));
  }

  @Test
  void minDeltaIsWhatCountsAsImprovement() {
    EarlyStop stop = new EarlyStop(2, 0.25);
    assertEquals(0, endsAfter(stop, validated(1, 0.7, 0.4, 0.1)));
    assertEquals(3, endsAfter(stop, validated(1, 0.9, 0.8, 0.1)));
    // Small steps add up: each is compared with the best, not with the one before.
    assertEquals(0, endsAfter(stop, validated(1, 0.85, 0.7, 0.55, 0.4)));
  }

  @Test
  void trainingLossWithoutValidation() {
    assertEquals(3, endsAfter(EarlyStop.patience(1), trained(3, 2, 2, 1)));
    assertEquals(0, endsAfter(EarlyStop.patience(2), trained(3, 2, 2, 1)));
  }

  /** A validation loss of NaN is no improvement, and no loss of training either. */
  @Test
  void nanIsNoImprovement() {
    double nan = Double.NaN;
    assertEquals(4, endsAfter(EarlyStop.patience(2), validated(3, 2, nan, nan, nan)));
    assertEquals(0, endsAfter(EarlyStop.patience(2), validated(nan, 5, 4, 3)));
    assertEquals(3, endsAfter(EarlyStop.patience(2), validated(nan, nan, nan)));
  }

  @Test
  void wrongNumbersAreExplained() {
    for (EarlyStopNumbers bad :
        new EarlyStopNumbers[] {
          new EarlyStopNumbers(0, 0),
          new EarlyStopNumbers(1, -1),
          new EarlyStopNumbers(1, Double.NaN)
        }) {
      assertMessage(
          "early stop with patience " + bad.patience() + " and minDelta " + bad.minDelta(),
          assertThrows(
              IllegalArgumentException.class, () -> new EarlyStop(bad.patience(), bad.minDelta())));
    }
  }

  private record EarlyStopNumbers(int patience, double minDelta) {}

  @Test
  void trainerEndsAndSaysWhy() {
    var data = SmallRuns.glyphs(40);
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      TrainingHistory history =
          Trainer.of(network)
              .optimizer(Sgd.rate(1e-9f))
              .earlyStop(new EarlyStop(3, 0.1))
              .validation(Subset.range(data, 30, 40))
              .fit(data, 20);
      assertEquals(4, history.epochs().size());
      assertEquals(false, history.stopped());
      assertMessage(
          "no improvement of the loss in 3 epochs: best ",
          new IllegalStateException(history.earlyStop().orElseThrow()));
    }
  }
}

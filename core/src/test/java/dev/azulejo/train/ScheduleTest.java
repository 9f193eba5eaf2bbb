package dev.azulejo.train;

import static dev.azulejo.train.SmallRuns.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Network;
import org.junit.jupiter.api.Test;

class ScheduleTest extends DeviceTest {

  @Test
  void constant() {
    LearningRateSchedule schedule = LearningRateSchedule.constant();
    assertEquals(1, schedule.factor(0, 10, 2));
    assertEquals(1, schedule.factor(19, 10, 2));
  }

  @Test
  void cosineFallsFromOneToZero() {
    LearningRateSchedule schedule = LearningRateSchedule.cosine();
    assertEquals(1, schedule.factor(0, 10, 4));
    assertEquals(0.5 * (1 + Math.sqrt(0.5)), schedule.factor(10, 10, 4), 1e-12, "a quarter");
    assertEquals(0.5, schedule.factor(20, 10, 4), 1e-12, "half");
    assertEquals(0, schedule.factor(40, 10, 4), 1e-12);
    for (int step = 1; step < 40; step++) {
      assertEquals(true, schedule.factor(step, 10, 4) < schedule.factor(step - 1, 10, 4));
    }
  }

  @Test
  void stepDecayMultipliesAfterWholeEpochs() {
    LearningRateSchedule schedule = LearningRateSchedule.stepDecay(2, 0.1);
    double[] expected = {1, 1, 0.1, 0.1, 0.01, 0.01};
    for (int epoch = 0; epoch < expected.length; epoch++) {
      assertEquals(expected[epoch], schedule.factor(epoch * 7L, 7, 6), 1e-15);
      assertEquals(expected[epoch], schedule.factor(epoch * 7L + 6, 7, 6), 1e-15);
    }
  }

  @Test
  void warmUpRisesAndThenFollows() {
    LearningRateSchedule schedule =
        LearningRateSchedule.warmup(2, LearningRateSchedule.stepDecay(3, 0.5));
    assertEquals(0.1, schedule.factor(0, 5, 4), 1e-15);
    assertEquals(0.5, schedule.factor(4, 5, 4), 1e-15);
    assertEquals(1, schedule.factor(9, 5, 4), 1e-15);
    assertEquals(1, schedule.factor(10, 5, 4), 1e-15);
    assertEquals(0.5, schedule.factor(15, 5, 4), 1e-15);
  }

  @Test
  void wrongNumbersAreExplained() {
    refused("step decay every 0 epochs by 0.5", () -> LearningRateSchedule.stepDecay(0, 0.5));
    refused("step decay every 1 epochs by 0.0", () -> LearningRateSchedule.stepDecay(1, 0));
    refused("by NaN: both must be positive", () -> LearningRateSchedule.stepDecay(1, Double.NaN));
    refused(
        "warm-up must last more than 0 epochs, was 0.0",
        () -> LearningRateSchedule.warmup(0, LearningRateSchedule.constant()));
  }

  private static void refused(String message, Runnable schedule) {
    assertMessage(message, assertThrows(IllegalArgumentException.class, schedule::run));
  }

  /** The trainer gives each step its factor, and the update uses it. */
  @Test
  void trainerAppliesTheFactorOfEachStep() {
    float[] rates = new float[6];
    var data = SmallRuns.glyphs(12);
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      float[] before = SmallRuns.weights(network);
      int[] at = {0};
      Trainer.of(network)
          .reportEvery(1)
          .optimizer(Sgd.rate(0.1f))
          .batchSize(4)
          .schedule(
              (step, stepsPerEpoch, epochs) -> {
                assertEquals(3, stepsPerEpoch);
                assertEquals(2, epochs);
                return step == 5 ? 0.5 : 0; // rate 0 but in the last step
              })
          .listener(
              new TrainingListener() {
                @Override
                public void batch(BatchReport report) {
                  rates[at[0]++] = report.learningRate();
                  if (at[0] < 6) {
                    assertArrayEquals(before, SmallRuns.weights(network), "rate 0 moves nothing");
                  }
                }
              })
          .fit(data, 2);
      assertArrayEquals(new float[] {0, 0, 0, 0, 0, 0.05f}, rates);
      assertEquals(false, java.util.Arrays.equals(before, SmallRuns.weights(network)));
    }
  }
}

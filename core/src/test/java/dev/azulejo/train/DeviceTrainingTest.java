package dev.azulejo.train;

import static dev.azulejo.train.SmallRuns.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.HorizontalFlip;
import dev.azulejo.data.InMemoryDataset;
import dev.azulejo.data.Shift;
import dev.azulejo.data.Subset;
import dev.azulejo.data.Transform;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Resident data, recorded steps and rare reports change nothing but the speed: weights, losses and
 * resumed runs are the same to the last bit. On the CPU, which has none of them, that holds too.
 */
class DeviceTrainingTest extends DeviceTest {
  /** Mini-batches of 4, 4, 4, 4 and 2. */
  private static final InMemoryDataset DATA = SmallRuns.glyphs(18);

  private static final int BATCHES = 5;
  private static final int EPOCHS = 3;

  @TempDir private Path folder;

  /** What a run leaves behind. */
  private record Outcome(float[] weights, List<EpochReport> epochs) {
    void assertSame(Outcome other) {
      assertArrayEquals(weights, other.weights);
      assertEquals(withoutTime(epochs), withoutTime(other.epochs));
    }

    private static List<EpochReport> withoutTime(List<EpochReport> reports) {
      return reports.stream()
          .map(
              r ->
                  new EpochReport(
                      r.epoch(),
                      r.epochs(),
                      r.trainLoss(),
                      r.trainAccuracy(),
                      r.validationLoss(),
                      r.validationAccuracy(),
                      r.learningRate(),
                      0,
                      r.samples()))
          .toList();
    }
  }

  private Trainer trainer(Network network) {
    return Trainer.of(network)
        .optimizer(Adam.rate(0.01f).weightDecay(1e-3f))
        .schedule(LearningRateSchedule.warmup(1, LearningRateSchedule.cosine()))
        .augment(Transform.chain(new HorizontalFlip(), new Shift(2)))
        .batchSize(4);
  }

  private Outcome run(Dataset data, UnaryOperator<Trainer> settings) {
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      TrainingHistory history = settings.apply(trainer(network)).fit(data, EPOCHS);
      assertFalse(history.stopped());
      return new Outcome(SmallRuns.weights(network), history.epochs());
    }
  }

  @Test
  void allWaysGiveTheSameBits() {
    UnaryOperator<Trainer> validated = trainer -> trainer.validation(Subset.range(DATA, 0, 7));
    Outcome expected = run(DATA, validated);
    for (boolean resident : new boolean[] {false, true}) {
      for (boolean recorded : new boolean[] {false, true}) {
        run(
                DATA,
                trainer -> validated.apply(trainer).residentData(resident).recordedSteps(recorded))
            .assertSame(expected);
      }
    }
  }

  @Test
  void floatsAndOneHotLossesComeFromTheHostAndGiveTheSameBits() {
    float[] values = new float[DATA.size() * 144];
    int[] labels = new int[DATA.size()];
    for (int i = 0; i < DATA.size(); i++) {
      DATA.read(i, values, i * 144);
      labels[i] = DATA.label(i);
    }
    Dataset floats = InMemoryDataset.ofFloats(DATA.shape(), values, labels, DATA.classNames());
    run(floats, trainer -> trainer).assertSame(run(DATA, trainer -> trainer));
    for (Loss loss : List.of(Loss.SIGMOID_CROSS_ENTROPY, Loss.MEAN_SQUARED_ERROR)) {
      run(DATA, trainer -> trainer.loss(loss))
          .assertSame(run(DATA, trainer -> trainer.loss(loss).recordedSteps(false)));
    }
  }

  @Test
  void reportsComeWhenAskedForAndSayTheSame() {
    Outcome expected = run(DATA, trainer -> trainer);
    for (int every : new int[] {1, 2, 5, 100}) {
      List<Integer> batches = new ArrayList<>();
      List<Long> samples = new ArrayList<>();
      run(
              DATA,
              trainer ->
                  trainer
                      .reportEvery(every)
                      .listener(
                          each(
                              report -> {
                                batches.add(report.batch());
                                samples.add(report.samples());
                                assertEquals(BATCHES, report.batches());
                              })))
          .assertSame(expected);
      List<Integer> once =
          device.isHost() || every == 1
              ? List.of(1, 2, 3, 4, 5)
              : every == 2 ? List.of(2, 4, 5) : List.of(5);
      List<Integer> all = new ArrayList<>();
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        all.addAll(once);
      }
      assertEquals(all, batches);
      assertEquals(batches.stream().map(batch -> Math.min(18L, 4L * batch)).toList(), samples);
    }
  }

  /** Saved at a report between others, and resumed with reports elsewhere. */
  @Test
  void resumedRunEqualsOneThatWasNotInterrupted() {
    Outcome expected = run(DATA, trainer -> trainer.reportEvery(100));
    Path file = folder.resolve("run.safetensors");
    for (int stopAt : new int[] {3, 5}) {
      try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
        Trainer trainer = trainer(network).reportEvery(3);
        trainer.listener(
            each(
                report -> {
                  if (report.epoch() == 2 && report.batch() == stopAt) {
                    trainer.save(file);
                    trainer.stop();
                  }
                }));
        assertTrue(trainer.fit(DATA, EPOCHS).stopped());
      }
      run(DATA, trainer -> trainer.reportEvery(2).resume(file)).assertSame(expected);
    }
  }

  /** A stop is answered by the next mini-batch's end, with a report of what was done until then. */
  @Test
  void stopBetweenTwoReportsIsReported() {
    int[] last = new int[1];
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      Trainer[] trainer = new Trainer[1];
      // The augmentation stops the run while the host prepares a mini-batch of the second epoch.
      int[] prepared = new int[1];
      trainer[0] =
          trainer(network)
              .reportEvery(100)
              .augment(
                  (sample, offset, shape, random) -> {
                    if (++prepared[0] == DATA.size() + 10) {
                      trainer[0].stop();
                    }
                  })
              .listener(each(report -> last[0] = 10 * report.epoch() + report.batch()));
      TrainingHistory history = trainer[0].fit(DATA, EPOCHS);
      assertTrue(history.stopped());
      assertEquals(1, history.epochs().size());
    }
    // How far the loader was ahead is a matter of time: the report may be of the last of epoch 1.
    assertTrue(last[0] == 15 || last[0] > 20 && last[0] < 25, () -> "last report " + last[0]);
  }

  /** The rate is absurd from the fourth step on; reports come after two steps. */
  @Test
  void divergenceLeavesTheWeightsOfTheLastReport() {
    List<float[]> reported = new ArrayList<>();
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      TrainingException e =
          assertThrows(
              TrainingException.class,
              () ->
                  Trainer.of(network)
                      .batchSize(3)
                      .optimizer(Sgd.rate(1e-3f))
                      .schedule((step, stepsPerEpoch, epochs) -> step < 2 ? 1 : 1e23)
                      .reportEvery(2)
                      .listener(each(report -> reported.add(SmallRuns.weights(network))))
                      .fit(DATA, 1));
      assertMessage(
          device.isHost()
              ? "in epoch 1, mini-batch 4 of 6 (step 4)"
              : "in epoch 1, mini-batches 3 to 4 of 6 (steps 3 to 4)",
          e);
      assertMessage(
          device.isHost()
              ? "The weights are those before this mini-batch."
              : "The weights are those before these mini-batches.",
          e);
      assertMessage("is not finite", e);
      float[] weights = SmallRuns.weights(network);
      assertArrayEquals(reported.getLast(), weights);
      for (float weight : weights) {
        assertTrue(Float.isFinite(weight));
      }
      assertEquals(device.isHost() ? 3 : 1, reported.size());
    }
  }

  /** A loss is taken before its update: the last update of all can only be seen in the weights. */
  @Test
  void weightsThatAreNoLongerFiniteEndADevicesRun() {
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      float[] before = SmallRuns.weights(network);
      Trainer trainer =
          Trainer.of(network).optimizer(Sgd.rate(3e38f).weightDecay(1e3f)).batchSize(18);
      if (device.isHost()) {
        trainer.fit(DATA, 1); // sees it in the next loss, if there is one
        assertFalse(Float.isFinite(SmallRuns.weights(network)[0]));
        return;
      }
      TrainingException e = assertThrows(TrainingException.class, () -> trainer.fit(DATA, 1));
      assertMessage("weights are no longer finite in epoch 1, mini-batch 1 of 1 (step 1)", e);
      assertArrayEquals(before, SmallRuns.weights(network));
    }
  }

  /** Somebody measures in the middle of a run, in a larger workspace than the run's. */
  @Test
  void workspaceThatGrowsDuringARunIsFollowed() {
    Outcome expected = run(DATA, trainer -> trainer.reportEvery(1));
    stream.workspace().trim();
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      Trainer trainer = trainer(network).reportEvery(1);
      trainer.listener(
          each(report -> stream.workspace().reserve(stream.workspace().bytes() + 1000)));
      TrainingHistory history = trainer.fit(DATA, EPOCHS);
      new Outcome(SmallRuns.weights(network), history.epochs()).assertSame(expected);
    }
  }

  @Test
  void misuseIsNamed() {
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      assertMessage(
          "reports must be at least 1 mini-batch apart, was 0",
          assertThrows(IllegalArgumentException.class, () -> Trainer.of(network).reportEvery(0)));
    }
  }

  private static TrainingListener each(Consumer<BatchReport> action) {
    return new TrainingListener() {
      @Override
      public void batch(BatchReport report) {
        action.accept(report);
      }
    };
  }
}

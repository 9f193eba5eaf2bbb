package dev.azulejo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Shift;
import dev.azulejo.data.Subset;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A run that was interrupted and resumed ends with the bits of one that was not. */
class ResumeTest extends DeviceTest {
  private static final int EPOCHS = 3;
  private static final Dataset DATA = SmallRuns.glyphs(60);
  private static final Dataset VALIDATION = Subset.range(SmallRuns.glyphs(100), 60, 100);
  private static final int BATCHES = 8; // 60 = 7 * 8 + 4

  @TempDir Path folder;

  /** Settings of a run; a function, so that the resumed run builds them anew. */
  private record Way(String name, UnaryOperator<Trainer> settings) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Way way(String name, UnaryOperator<Trainer> settings) {
    return new Way(name, settings);
  }

  static List<Arguments> interruptions() {
    Sgd momentum = Sgd.rate(0.03f).momentum(0.9f);
    List<Way> ways =
        List.of(
            way("plain SGD", trainer -> trainer.optimizer(Sgd.rate(0.05f))),
            way("momentum", trainer -> trainer.optimizer(momentum)),
            way("Adam", trainer -> trainer.optimizer(Adam.rate(0.01f))),
            way(
                "AdamW, squared error",
                trainer ->
                    trainer
                        .optimizer(Adam.rate(0.002f).weightDecay(0.1f).decoupled())
                        .loss(Loss.MEAN_SQUARED_ERROR)),
            way("augmentation", trainer -> trainer.augment(new Shift(2))),
            way(
                "cosine after warm-up",
                trainer ->
                    trainer
                        .optimizer(momentum.nesterov())
                        .schedule(LearningRateSchedule.warmup(0.5, LearningRateSchedule.cosine()))),
            way("two workers", trainer -> trainer.workers(2)),
            way("three workers, Adam", trainer -> trainer.workers(3).optimizer(Adam.rate(0.01f))),
            way("validation", trainer -> trainer.validation(VALIDATION)));
    List<Arguments> cases = new ArrayList<>();
    for (Way way : ways) {
      cases.add(arguments(way, 1, 3));
    }
    // Where an interruption may fall: the first step, the last of an epoch, the first of the last,
    // the last of all.
    for (int batch : new int[] {1, BATCHES}) {
      for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        cases.add(arguments(ways.get(1), epoch, batch));
      }
    }
    return cases;
  }

  @ParameterizedTest(name = "{0}, stopped in epoch {1} after mini-batch {2}")
  @MethodSource("interruptions")
  void resumedRunEqualsOneThatWasNotInterrupted(Way way, int epoch, int batch) {
    Path file = folder.resolve("run.safetensors");
    float[] expected;
    TrainingHistory whole;
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      whole = trainer(way, network).fit(DATA, EPOCHS);
      expected = SmallRuns.weights(network);
    }
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      Trainer trainer = trainer(way, network);
      trainer.listener(
          new TrainingListener() {
            @Override
            public void batch(BatchReport report) {
              if (report.epoch() == epoch && report.batch() == batch) {
                trainer.save(file);
                trainer.stop();
              }
            }
          });
      TrainingHistory half = trainer.fit(DATA, EPOCHS);
      // Told to stop during the last step of all, there is nothing left to stop.
      assertEquals(epoch < EPOCHS || batch < BATCHES, half.stopped());
      assertEquals(batch < BATCHES ? epoch - 1 : epoch, half.epochs().size());
    }
    // Other weights and another class count of steps: all of it must come from the file.
    try (Network network = Network.create(device, SmallRuns.SPEC, 999)) {
      TrainingHistory resumed = trainer(way, network).resume(file).fit(DATA, EPOCHS);
      assertArrayEquals(expected, SmallRuns.weights(network));
      assertFalse(resumed.stopped());
      assertSameHistory(whole, resumed);
    }
  }

  /** Stopped again and again, in an epoch's listener too, always by a file of the one before. */
  @Test
  void runInManyPiecesEqualsOne() {
    float[] expected;
    TrainingHistory whole;
    Way way = way("", trainer -> trainer.optimizer(Adam.rate(0.01f)).validation(VALIDATION));
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      whole = trainer(way, network).fit(DATA, EPOCHS);
      expected = SmallRuns.weights(network);
    }
    Path file = folder.resolve("run.safetensors");
    TrainingHistory history = null;
    for (int piece = 0; piece < 20; piece++) {
      try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
        Trainer trainer = trainer(way, network);
        if (piece > 0) {
          trainer.resume(file);
        }
        int[] steps = {0};
        trainer.listener(
            new TrainingListener() {
              @Override
              public void batch(BatchReport report) {
                if (++steps[0] == 5) {
                  trainer.save(file);
                  trainer.stop();
                }
              }

              @Override
              public void epoch(EpochReport report) {
                trainer.save(file);
                trainer.stop();
              }
            });
        history = trainer.fit(DATA, EPOCHS);
        if (!history.stopped()) {
          assertTrue(piece > 4, "that was not interrupted at all");
          assertArrayEquals(expected, SmallRuns.weights(network));
          break;
        }
      }
    }
    assertSameHistory(whole, history);
  }

  /** A checkpoint is a model file, too. */
  @Test
  void checkpointLoadsAsNetwork() {
    Path file = folder.resolve("run.safetensors");
    float[] saved;
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      Trainer trainer = Trainer.of(network).reportEvery(1).optimizer(Adam.rate(0.01f));
      trainer.listener(saveAtEpoch(trainer, file));
      trainer.fit(DATA, 1);
      saved = SmallRuns.weights(network);
    }
    try (Network network = Network.load(device, file)) {
      assertArrayEquals(saved, SmallRuns.weights(network));
      assertEquals(SmallRuns.SPEC, network.spec());
      assertEquals(DATA.classNames(), network.classNames());
    }
  }

  /** A finished run goes on when it is asked for more epochs, as if it had been from the start. */
  @Test
  void moreEpochsThanBefore() {
    Path file = folder.resolve("run.safetensors");
    Way way = way("", trainer -> trainer.optimizer(Sgd.rate(0.03f).momentum(0.9f)));
    float[] expected;
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      trainer(way, network).fit(DATA, 4);
      expected = SmallRuns.weights(network);
    }
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      Trainer trainer = trainer(way, network);
      trainer.listener(saveAtEpoch(trainer, file));
      trainer.fit(DATA, 2);
      TrainingHistory nothingLeft = trainer(way, network).resume(file).fit(DATA, 2);
      assertEquals(2, nothingLeft.epochs().size());
      TrainingHistory more = trainer(way, network).resume(file).fit(DATA, 4);
      assertEquals(4, more.epochs().size());
      assertArrayEquals(expected, SmallRuns.weights(network));
    }
  }

  /** Early stop looks at the epochs before the interruption, too. */
  @Test
  void earlyStopIsDecidedFromTheWholeHistory() {
    Path file = folder.resolve("run.safetensors");
    // A rate so small that no epoch improves by minDelta: the run ends after 1 + patience epochs.
    Way way =
        way("", trainer -> trainer.optimizer(Sgd.rate(1e-9f)).earlyStop(new EarlyStop(2, 0.5)));
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      Trainer trainer = trainer(way, network);
      trainer.listener(
          new TrainingListener() {
            @Override
            public void epoch(EpochReport report) {
              if (report.epoch() == 2) {
                trainer.save(file);
                trainer.stop();
              }
            }
          });
      assertTrue(trainer.fit(DATA, 9).stopped());
      TrainingHistory resumed = trainer(way, network).resume(file).fit(DATA, 9);
      assertEquals(3, resumed.epochs().size());
      assertTrue(resumed.earlyStop().isPresent());
    }
  }

  static TrainingListener saveAtEpoch(Trainer trainer, Path file) {
    return new TrainingListener() {
      @Override
      public void epoch(EpochReport report) {
        trainer.save(file);
      }
    };
  }

  private static Trainer trainer(Way way, Network network) {
    return way.settings().apply(Trainer.of(network).reportEvery(1).batchSize(8).seed(77));
  }

  /** All but the seconds, which are those since the resume. */
  private static void assertSameHistory(TrainingHistory expected, TrainingHistory actual) {
    assertEquals(
        expected.epochs().stream().map(ResumeTest::timeless).toList(),
        actual.epochs().stream().map(ResumeTest::timeless).toList());
  }

  private static EpochReport timeless(EpochReport r) {
    return new EpochReport(
        r.epoch(),
        r.epochs(),
        r.trainLoss(),
        r.trainAccuracy(),
        r.validationLoss(),
        r.validationAccuracy(),
        r.learningRate(),
        0,
        r.samples());
  }
}

package dev.azulejo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Subset;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Evaluation;
import dev.azulejo.nn.Evaluator;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainerTest extends DeviceTest {

  /** All numbers of all reports, for 10 samples in mini-batches of 4, 4 and 2. */
  @Test
  void reportsSayWhereTheRunIs() {
    var data = SmallRuns.glyphs(10);
    List<String> calls = new ArrayList<>();
    double[] sums = new double[2];
    double[] lastMeans = new double[2];
    List<EpochReport> epochs = new ArrayList<>();
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      TrainingListener listener =
          new TrainingListener() {
            @Override
            public void batch(BatchReport r) {
              calls.add(r.epoch() + "." + r.batch());
              assertEquals(2, r.epochs());
              assertEquals(3, r.batches());
              assertEquals(Math.min(10, 4L * r.batch()), r.samples());
              assertEquals(0.01f, r.learningRate());
              assertTrue(r.samplesPerSecond() > 0 && r.samplesPerSecond() < 1e9);
              assertTrue(r.loss() > 0);
              double hits = r.accuracy() * r.samples();
              assertEquals(Math.rint(hits), hits, 1e-9, "hits are whole");
              sums[0] = r.loss();
              sums[1] = r.accuracy();
            }

            @Override
            public void epoch(EpochReport r) {
              calls.add("epoch " + r.epoch());
              lastMeans[0] = sums[0];
              lastMeans[1] = sums[1];
              epochs.add(r);
              assertEquals(lastMeans[0], r.trainLoss());
              assertEquals(lastMeans[1], r.trainAccuracy());
            }
          };
      TrainingListener second =
          new TrainingListener() {
            @Override
            public void batch(BatchReport r) {
              calls.add("second");
            }
          };
      TrainingHistory history =
          Trainer.of(network)
              .reportEvery(1)
              .optimizer(Sgd.rate(0.01f))
              .batchSize(4)
              .listener(listener)
              .listener(second)
              .fit(data, 2);
      assertEquals(
          List.of(
              "1.1", "second", "1.2", "second", "1.3", "second", "epoch 1", "2.1", "second", "2.2",
              "second", "2.3", "second", "epoch 2"),
          calls);
      assertEquals(epochs, history.epochs());
      EpochReport last = history.epochs().getLast();
      assertEquals(2, last.epoch());
      assertEquals(2, last.epochs());
      assertEquals(10, last.samples());
      assertEquals(0.01f, last.learningRate());
      assertTrue(last.seconds() > 0 && last.seconds() < 60);
      assertEquals(Double.NaN, last.validationLoss(), "without a validation set");
      assertEquals(Double.NaN, last.validationAccuracy());
      assertTrue(!history.stopped() && history.earlyStop().isEmpty());
    }
  }

  /** The training loss of an epoch is the mean over its samples, each before its update. */
  @Test
  void trainLossIsTheMeanOverTheSamples() {
    var data = SmallRuns.glyphs(30);
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      Evaluation before = network.evaluate(data);
      // A rate so small that the network of the last mini-batch is that of the first.
      EpochReport report =
          Trainer.of(network)
              .optimizer(Sgd.rate(1e-12f))
              .batchSize(7)
              .fit(data, 1)
              .epochs()
              .getFirst();
      assertEquals(before.loss(), report.trainLoss(), 1e-5);
      assertEquals(before.accuracy(), report.trainAccuracy());
    }
  }

  /** Validation measures the run's own loss, after the epoch, and changes nothing. */
  @ParameterizedTest
  @EnumSource(Loss.class)
  void validationIsMeasuredAfterEachEpoch(Loss loss) {
    var data = SmallRuns.glyphs(50);
    var train = Subset.range(data, 0, 30);
    var validation = Subset.range(data, 30, 50);
    try (Network plain = Network.create(device, SmallRuns.SPEC, 1);
        Network network = Network.create(device, SmallRuns.SPEC, 1);
        Evaluator evaluator = new Evaluator(network, stream, loss, 20)) {
      TrainingHistory history =
          Trainer.of(network)
              .loss(loss)
              .optimizer(Sgd.rate(0.01f))
              .validation(validation)
              .listener(
                  new TrainingListener() {
                    @Override
                    public void epoch(EpochReport report) {
                      Evaluation expected = evaluator.evaluate(validation);
                      assertEquals(expected.loss(), report.validationLoss());
                      assertEquals(expected.accuracy(), report.validationAccuracy());
                    }
                  })
              .fit(train, 2);
      assertEquals(2, history.epochs().size());
      Trainer.of(plain).loss(loss).optimizer(Sgd.rate(0.01f)).fit(train, 2);
      org.junit.jupiter.api.Assertions.assertArrayEquals(
          SmallRuns.weights(plain), SmallRuns.weights(network));
    }
  }

  /** Augmentation sees values 0..1, before the normalisation, and training samples only. */
  @Test
  void augmentationComesBeforeNormalisation() {
    var data = SmallRuns.glyphs(20);
    AtomicInteger calls = new AtomicInteger();
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      Trainer.of(network)
          .validation(data)
          .augment(
              (sample, offset, shape, random) -> {
                calls.incrementAndGet();
                for (int i = offset; i < offset + shape.size(); i++) {
                  if (!(sample[i] >= 0 && sample[i] <= 1)) {
                    throw new IllegalStateException("value " + sample[i]);
                  }
                }
              })
          .fit(data, 2);
    }
    assertEquals(40, calls.get());
  }

  @Test
  void classNamesComeFromTheFirstDataSet() {
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      Trainer.of(network).fit(SmallRuns.glyphs(10), 1);
      assertEquals(Glyphs.CLASS_NAMES, network.classNames());
    }
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      List<String> own = List.of("q", "w", "e", "r", "t", "y", "u", "i", "o", "p");
      network.setClassNames(own);
      Trainer.of(network).fit(SmallRuns.glyphs(10), 1);
      assertEquals(own, network.classNames());
    }
  }

  /** A mini-batch larger than the data set is the data set. */
  @Test
  void fewerSamplesThanABatch() {
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      TrainingHistory history = Trainer.of(network).batchSize(1000).fit(SmallRuns.glyphs(3), 2);
      assertEquals(3, history.epochs().getLast().samples());
    }
  }

  @Test
  void stopFromAnotherThread() throws Exception {
    var data = SmallRuns.glyphs(40);
    CountDownLatch begun = new CountDownLatch(1);
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      Trainer trainer =
          Trainer.of(network)
              .reportEvery(1)
              .batchSize(4)
              .listener(
                  new TrainingListener() {
                    @Override
                    public void batch(BatchReport report) {
                      begun.countDown();
                    }
                  });
      Thread other =
          new Thread(
              () -> {
                try {
                  begun.await();
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
                trainer.stop();
              });
      other.start();
      TrainingHistory history = trainer.fit(data, Integer.MAX_VALUE);
      other.join();
      assertTrue(history.stopped());
      assertEquals(1, trainer.fit(data, 1).epochs().size(), "and again, a run of its own");
    }
  }

  /** Every setting at once, none of which may get in the way of another. */
  @Test
  void everySettingTogether(@org.junit.jupiter.api.io.TempDir Path folder) {
    var data = SmallRuns.glyphs(40);
    Path file = folder.resolve("run.safetensors");
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      Trainer trainer =
          Trainer.of(network)
              .reportEvery(1)
              .optimizer(Adam.rate(0.01f))
              .loss(Loss.SIGMOID_CROSS_ENTROPY)
              .batchSize(6)
              .workers(2)
              .seed(-1)
              .schedule(LearningRateSchedule.stepDecay(1, 0.9))
              .augment(new dev.azulejo.data.Shift(1))
              .validation(data)
              .earlyStop(EarlyStop.patience(5));
      trainer.listener(ResumeTest.saveAtEpoch(trainer, file));
      TrainingHistory history = trainer.fit(data, 4);
      assertEquals(4, history.epochs().size());
      assertNotNull(Trainer.of(network).resume(file));
    }
  }
}

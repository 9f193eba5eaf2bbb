package dev.azulejo.train;

import static dev.azulejo.train.SmallRuns.assertMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Glyphs;
import dev.azulejo.data.InMemoryDataset;
import dev.azulejo.data.Shape;
import dev.azulejo.data.Subset;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkText;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** What a trainer refuses, and what it says then. */
class TrainerMisuseTest extends DeviceTest {

  @Test
  void settingsAreChecked() {
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      Trainer trainer = Trainer.of(network);
      refused("batch size must be at least 1, was 0", () -> trainer.batchSize(0));
      refused("workers must be at least 1, was -1", () -> trainer.workers(-1));
      refused("epochs must be at least 1, was 0", () -> trainer.fit(SmallRuns.glyphs(3), 0));
      named("network", () -> Trainer.of(null));
      named("optimizer", () -> trainer.optimizer(null));
      named("loss", () -> trainer.loss(null));
      named("schedule", () -> trainer.schedule(null));
      named("augmentation", () -> trainer.augment(null));
      named("earlyStop", () -> trainer.earlyStop(null));
      named("listener", () -> trainer.listener(null));
      named("checkpoint", () -> trainer.resume(null));
    }
  }

  @Test
  void dataThatDoesNotFit() {
    var two =
        InMemoryDataset.ofBytes(
            SmallRuns.SHAPE, new byte[SmallRuns.SHAPE.size()], new int[1], List.of("a", "b"));
    var larger = Glyphs.generate(4, new Shape(1, 14, 14), 1);
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      Trainer trainer = Trainer.of(network);
      String shape = "the data set has samples of 1x14x14, the network takes 1x12x12";
      String classes =
          "the data set has 2 classes, the network has 10 outputs; end it with dense(2)";
      refused(shape, () -> trainer.fit(larger, 1));
      refused(classes, () -> trainer.fit(two, 1));
      refused(shape, () -> trainer.validation(larger));
      refused(classes, () -> trainer.validation(two));
      refused(
          "the data set is empty", () -> trainer.fit(Subset.range(SmallRuns.glyphs(3), 1, 1), 1));
    }
    try (Network network =
        Network.create(device, NetworkText.parse("input 1x12x12\nmaxpool 12\nflatten"), 1)) {
      var one =
          InMemoryDataset.ofBytes(
              SmallRuns.SHAPE, new byte[SmallRuns.SHAPE.size()], new int[1], List.of("a"));
      refused("the network has no parameters", () -> Trainer.of(network).fit(one, 1));
    }
  }

  @Test
  void misuseOfARun() throws Exception {
    var data = SmallRuns.glyphs(8);
    Network network = Network.create(device, SmallRuns.SPEC, 1);
    try (network) {
      Trainer trainer = Trainer.of(network);
      Path file = Path.of("never-written");
      assertMessage(
          "call save from a listener while fit runs",
          assertThrows(IllegalStateException.class, () -> trainer.save(file)));
      trainer.listener(
          new TrainingListener() {
            @Override
            public void batch(BatchReport report) {
              assertMessage(
                  "this trainer is already running",
                  assertThrows(IllegalStateException.class, () -> trainer.fit(data, 1)));
            }
          });
      trainer.fit(data, 1);
      assertMessage(
          "there is no training run to save",
          assertThrows(IllegalStateException.class, () -> trainer.save(file)));
      try (ExecutorService pool = Executors.newSingleThreadExecutor()) {
        Throwable failure =
            assertThrows(
                    ExecutionException.class, () -> pool.submit(() -> trainer.fit(data, 1)).get())
                .getCause();
        assertEquals(IllegalStateException.class, failure.getClass());
        assertMessage("bindToCurrentThread", failure);
      }
    }
    assertMessage(
        "buffer 'weights' (",
        assertThrows(IllegalStateException.class, () -> Trainer.of(network).fit(data, 1)));
    assertEquals(0, WorkersTest.threads());
  }

  private static void refused(String message, Runnable misuse) {
    assertMessage(message, assertThrows(IllegalArgumentException.class, misuse::run));
  }

  private static void named(String name, Runnable misuse) {
    assertEquals(name, assertThrows(NullPointerException.class, misuse::run).getMessage());
  }

  /**
   * The fused loss (T7) has the softmax inside; a second one would be no error that anybody sees.
   */
  @Test
  void aSoftmaxBeforeTheSoftmaxCrossEntropyIsRefused() {
    try (Network network =
        Network.on(device).input(1, 12, 12).flatten().dense(10).softmax().build(1)) {
      Trainer trainer = Trainer.of(network);
      var data = SmallRuns.glyphs(10);
      assertMessage(
          "the network ends in a softmax",
          assertThrows(IllegalArgumentException.class, () -> trainer.fit(data, 1)));
      trainer.loss(Loss.MEAN_SQUARED_ERROR).fit(data, 1);
    }
  }

  @Test
  void aStopBeforeTheRunIsNotLost() {
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      Trainer trainer = Trainer.of(network);
      trainer.stop();
      assertTrue(trainer.fit(SmallRuns.glyphs(10), 1).stopped());
      assertFalse(trainer.fit(SmallRuns.glyphs(10), 1).stopped(), "and ends one run only");
    }
  }
}

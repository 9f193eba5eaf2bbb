package dev.azulejo.train;

import static dev.azulejo.train.SmallRuns.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.DatasetException;
import dev.azulejo.data.Shape;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.nn.Dense;
import dev.azulejo.nn.Flatten;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What goes wrong in the middle of training reaches the caller, and no thread, stream or byte is
 * left. Each test may not take long: what fails here fails by waiting for ever.
 */
@Tag("device")
class FailureTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  static List<DeviceKind> kinds() {
    return dev.azulejo.device.Devices.available();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void failureOfAWorkerReachesTheCaller(DeviceKind kind) {
    for (String victim : List.of("azulejo-worker-1", "azulejo-worker-2", "azulejo-worker-3")) {
      limited(
          kind,
          device -> {
            try (Network network = sabotaged(device, new Saboteur(victim, false, 2))) {
              IllegalStateException e =
                  assertThrows(
                      IllegalStateException.class,
                      () -> Trainer.of(network).workers(4).batchSize(8).fit(data(), 3));
              assertMessage(victim + " failed: sabotage of " + victim, e);
              assertEquals(IllegalArgumentException.class, e.getCause().getClass());
            }
          });
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void failureOfTheTrainersOwnShareReachesTheCaller(DeviceKind kind) {
    limited(
        kind,
        device -> {
          String own = Thread.currentThread().getName();
          for (int workers : new int[] {1, 3}) {
            try (Network network = sabotaged(device, new Saboteur(own, false, 2))) {
              IllegalArgumentException e =
                  assertThrows(
                      IllegalArgumentException.class,
                      () ->
                          Trainer.of(network)
                              .workers(workers)
                              .recordedSteps(false) // replays do not call the layer again
                              .batchSize(8)
                              .fit(data(), 3));
              assertMessage("sabotage", e);
            }
          }
        });
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void workerThatCannotBeginReachesTheCaller(DeviceKind kind) {
    limited(
        kind,
        device -> {
          try (Network network = sabotaged(device, new Saboteur("azulejo-worker-2", true, 0))) {
            assertMessage(
                "azulejo-worker-2 failed: sabotage",
                assertThrows(
                    IllegalStateException.class,
                    () -> Trainer.of(network).workers(3).batchSize(8).fit(data(), 1)));
          }
        });
  }

  /** A step whose worker has died says so again, instead of waiting for it. */
  @ParameterizedTest
  @MethodSource("kinds")
  void stepAfterAFailureFailsAgain(DeviceKind kind) {
    limited(
        kind,
        device -> {
          try (Network network = sabotaged(device, new Saboteur("azulejo-worker-1", false, 0));
              TrainingStep step =
                  new TrainingStep(network, Sgd.rate(1), Loss.SOFTMAX_CROSS_ENTROPY, 4, 2);
              Arena arena = Arena.ofShared()) {
            MemorySegment images = arena.allocate(4L * 144 * Float.BYTES, Float.BYTES);
            MemorySegment labels = arena.allocate(4L * Integer.BYTES, Integer.BYTES);
            for (int i = 0; i < 3; i++) {
              assertMessage(
                  "azulejo-worker-1 failed: sabotage",
                  assertThrows(
                      IllegalStateException.class, () -> step.gradients(images, labels, 4)));
            }
          }
        });
  }

  /** The loader's thread reads ahead; what it meets comes out where the sample was wanted. */
  @ParameterizedTest
  @MethodSource("kinds")
  void sampleThatCannotBeRead(DeviceKind kind) {
    limited(
        kind,
        device -> {
          try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
            DatasetException e =
                assertThrows(
                    DatasetException.class,
                    () -> Trainer.of(network).batchSize(8).fit(new Unreadable(), 2));
            assertMessage("sample 17, for batch", e);
            assertMessage("the disk is gone", e);
          }
        });
  }

  /** An exception of a listener ends the run; the trainer may be used again. */
  @ParameterizedTest
  @MethodSource("kinds")
  void listenersFailureEndsTheRun(DeviceKind kind) {
    limited(
        kind,
        device -> {
          try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
            boolean[] fail = {true};
            Trainer trainer =
                Trainer.of(network)
                    .workers(2)
                    .batchSize(8)
                    .listener(
                        new TrainingListener() {
                          @Override
                          public void batch(BatchReport report) {
                            if (fail[0] && report.batch() == 2) {
                              throw new ArithmeticException("listener");
                            }
                          }
                        });
            assertMessage(
                "listener", assertThrows(ArithmeticException.class, () -> trainer.fit(data(), 1)));
            fail[0] = false;
            assertEquals(1, trainer.fit(data(), 1).epochs().size());
          }
        });
  }

  /** An interrupt is not what ends a run: it is kept for the caller. */
  @ParameterizedTest
  @MethodSource("kinds")
  void interruptIsKept(DeviceKind kind) {
    limited(
        kind,
        device -> {
          float[] calm;
          try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
            Trainer.of(network).workers(2).batchSize(8).fit(data(), 1);
            calm = SmallRuns.weights(network);
          }
          try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
            Thread.currentThread().interrupt();
            Trainer.of(network).workers(2).batchSize(8).fit(data(), 1);
            assertEquals(true, Thread.interrupted());
            assertArrayEquals(calm, SmallRuns.weights(network));
          }
        });
  }

  private static Dataset data() {
    return SmallRuns.glyphs(40);
  }

  private static Network sabotaged(Device device, Saboteur saboteur) {
    return Network.on(device)
        .input(SmallRuns.SHAPE)
        .add(new Flatten())
        .add(Dense.of(8))
        .add(saboteur)
        .add(Dense.of(10))
        .build(1);
  }

  private static void limited(DeviceKind kind, Consumer<Device> test) {
    assertTimeoutPreemptively(
        LIMIT,
        () -> {
          // Closing the device fails where a buffer or stream is still open.
          try (Device device = kind == DeviceKind.CPU ? Device.cpu(2) : Device.open(kind)) {
            test.accept(device);
            device.stream().workspace().trim();
            assertEquals(0, device.memory().liveBytes(), () -> device.memory().toString());
            assertEquals(0, WorkersTest.threads(), "threads left");
          }
        });
  }

  private static final class Unreadable implements Dataset {
    private final Dataset base = data();

    @Override
    public int size() {
      return base.size();
    }

    @Override
    public Shape shape() {
      return base.shape();
    }

    @Override
    public List<String> classNames() {
      return base.classNames();
    }

    @Override
    public int label(int index) {
      return base.label(index);
    }

    @Override
    public void read(int index, float[] target, int offset) {
      if (index == 17) {
        throw new IllegalStateException("the disk is gone");
      }
      base.read(index, target, offset);
    }
  }
}

package dev.azulejo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Dataset;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Emulation;
import dev.azulejo.nn.Network;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * While the host tells, measures and saves, the device has steps to do; and nobody can tell from
 * the numbers. Counted in the calls of the CUDA run time.
 */
@Tag("emulated")
class RunAheadTest {
  private static final Dataset DATA = SmallRuns.glyphs(60); // 20 mini-batches of 3
  private static final int ROUNDS = 10; // of 2 mini-batches
  private static final int AHEAD = 3;

  @AfterEach
  void reset() {
    Emulation.reset();
  }

  private static Trainer trainer(Network network) {
    return Trainer.of(network).batchSize(3).reportEvery(2);
  }

  /** Also from one epoch to the next, and while the last epoch was measured. */
  @Test
  void deviceHasStepsWhileAListenerIsTold() {
    List<Integer> launches = new ArrayList<>();
    List<Integer> expected = new ArrayList<>();
    try (Device device = Device.open(DeviceKind.EMULATED);
        Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      trainer(network)
          .listener(
              new TrainingListener() {
                @Override
                public void batch(BatchReport report) {
                  int told = ROUNDS * (report.epoch() - 1) + report.batch() / 2;
                  // And one to prepare.
                  expected.add(2 * Math.min(2 * ROUNDS, told + AHEAD) + 1);
                  launches.add(Emulation.calls("cudaGraphLaunch"));
                }
              })
          .fit(DATA, 2);
      device.stream().workspace().trim();
    }
    assertEquals(expected, launches);
  }

  /** One wait a report, for its sums, and two for an evaluation: its sums and its predictions. */
  @Test
  void hostWaitsOnceForEachReport() {
    int[] events = new int[2];
    int[] streams = new int[2];
    for (int i = 0; i < 2; i++) {
      int epochs = i == 0 ? 2 : 5;
      int[] before = new int[2];
      try (Device device = Device.open(DeviceKind.EMULATED);
          Network network = Network.create(device, SmallRuns.SPEC, 1)) {
        trainer(network)
            .validation(SmallRuns.glyphs(7))
            .listener(
                new TrainingListener() {
                  @Override
                  public void epoch(EpochReport report) {
                    if (report.epoch() == 1) {
                      before[0] = Emulation.calls("cudaEventSynchronize");
                      before[1] = Emulation.calls("cudaStreamSynchronize");
                    }
                  }
                })
            .fit(DATA, epochs);
        events[i] = Emulation.calls("cudaEventSynchronize") - before[0];
        streams[i] = Emulation.calls("cudaStreamSynchronize") - before[1];
        device.stream().workspace().trim();
      }
      Emulation.reset();
    }
    // An epoch's two lists, and an evaluation's beginning, go to the device from memory of which
    // the copy before the last one must be done, as it is long since.
    assertEquals(3 * (ROUNDS + 3), events[1] - events[0]);
    assertEquals(3 * 2, streams[1] - streams[0]);
  }

  /** An evaluation is one launch, after the two that prepare it. */
  @Test
  void evaluationIsOneLaunch() {
    List<Integer> launches = new ArrayList<>();
    List<Integer> expected = new ArrayList<>();
    try (Device device = Device.open(DeviceKind.EMULATED);
        Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      // One mini-batch an epoch, and so one report.
      Trainer.of(network)
          .batchSize(60)
          .validation(SmallRuns.glyphs(7))
          .listener(
              new TrainingListener() {
                @Override
                public void epoch(EpochReport report) {
                  int steps = Math.min(8, report.epoch() + AHEAD);
                  // Step and evaluation are launched once each to prepare.
                  expected.add(steps + report.epoch() + 2);
                  launches.add(Emulation.calls("cudaGraphLaunch"));
                }
              })
          .fit(DATA, 8);
      device.stream().workspace().trim();
    }
    assertEquals(expected, launches);
    assertEquals(8, launches.size());
  }

  /** What was under way when a run ends early leaves no trace. */
  @Test
  void earlyStopLeavesTheWeightsOfItsEpoch() {
    try (Device device = Device.open(DeviceKind.EMULATED);
        Network early = Network.create(device, SmallRuns.SPEC, 1);
        Network plain = Network.create(device, SmallRuns.SPEC, 1)) {
      // No improvement is large enough.
      TrainingHistory history = trainer(early).earlyStop(new EarlyStop(2, 100)).fit(DATA, 9);
      assertEquals(3, history.epochs().size());
      assertTrue(history.earlyStop().isPresent());
      trainer(plain).fit(DATA, 3);
      assertArrayEquals(SmallRuns.weights(plain), SmallRuns.weights(early));
      device.stream().workspace().trim();
    }
  }
}

package dev.azulejo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.reference.Samples;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Algorithm 2, row T13: T workers share each mini-batch and do what one would do. */
class WorkersTest extends DeviceTest {
  private static final int MAX_BATCH = 11;

  /**
   * With rate 1 and plain gradient descent the step is the gradient. Mini-batches that T does not
   * divide, and that have fewer samples than there are workers.
   */
  @ParameterizedTest(name = "{0}")
  @EnumSource(Loss.class)
  void gradientsOfAnyNumberOfWorkersAreThoseOfOneT13(Loss loss) {
    float[] x = new Samples(1).uniform(MAX_BATCH * 144L);
    int[] labels = new Samples(2).labels(MAX_BATCH, 10);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment images = arena.allocateFrom(ValueLayout.JAVA_FLOAT, x);
      MemorySegment classes = arena.allocateFrom(ValueLayout.JAVA_INT, labels);
      for (int samples : new int[] {11, 8, 4, 3, 2, 1}) {
        double[] sums = new double[2];
        float[] one = step(loss, 1, images, classes, samples, sums);
        for (int workers = 2; workers <= 5; workers++) {
          double[] sumsOfAll = new double[2];
          float[] all = step(loss, workers, images, classes, samples, sumsOfAll);
          String what = samples + " samples, " + workers + " workers";
          assertArrayEquals(one, all, 1e-6f, what);
          assertEquals(sums[0], sumsOfAll[0], 1e-5 * sums[0], what + ": loss");
          assertEquals(sums[1], sumsOfAll[1], what + ": hits");
        }
      }
    }
  }

  /**
   * The weights after a step from a mini-batch of NaN (which poisons all memory but the weights)
   * and one that is meant.
   */
  private float[] step(
      Loss loss,
      int workers,
      MemorySegment images,
      MemorySegment labels,
      int samples,
      double[] sums) {
    try (Network network = Network.create(device, SmallRuns.SPEC, 3);
        TrainingStep step = new TrainingStep(network, Sgd.rate(1), loss, MAX_BATCH, workers);
        Arena arena = Arena.ofShared()) {
      MemorySegment poison = arena.allocate(images.byteSize(), Float.BYTES);
      poison.fill((byte) -1);
      step.gradients(poison, labels, MAX_BATCH);
      step.gradients(images, labels, samples);
      sums[0] = step.lossSum();
      sums[1] = step.hitSum();
      step.update(1);
      return SmallRuns.weights(network);
    }
  }

  /** A run of several epochs, of which the last mini-batch (2 of 50 = 8 * 6 + 2) is short. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void runOfSeveralWorkersEqualsThatOfOneUpToRounding(int workers) {
    TrainingHistory[] histories = new TrainingHistory[2];
    float[] one = run(1, histories, 0);
    float[] all = run(workers, histories, 1);
    assertArrayEquals(one, all, 2e-4f);
    for (int i = 0; i < 3; i++) {
      assertEquals(
          histories[0].epochs().get(i).trainLoss(), histories[1].epochs().get(i).trainLoss(), 1e-4);
      assertEquals(50, histories[1].epochs().get(i).samples());
    }
  }

  @Test
  void sameWorkersSameBits() {
    assertArrayEquals(run(3, new TrainingHistory[1], 0), run(3, new TrainingHistory[1], 0));
  }

  /** More workers than a mini-batch has samples would have nothing to do. */
  @Test
  void asManyWorkersAsSamplesAtMost() {
    try (Network network = Network.create(device, SmallRuns.SPEC, 3)) {
      TrainingHistory history =
          Trainer.of(network).workers(7).batchSize(3).fit(SmallRuns.glyphs(5), 1);
      assertEquals(5, history.epochs().getFirst().samples());
    }
    assertTrue(threads() == 0, "threads left: " + threads());
  }

  private float[] run(int workers, TrainingHistory[] histories, int at) {
    try (Network network = Network.create(device, SmallRuns.SPEC, 3)) {
      histories[at] =
          Trainer.of(network)
              .optimizer(Sgd.rate(0.02f).momentum(0.9f))
              .batchSize(8)
              .workers(workers)
              .fit(SmallRuns.glyphs(50), 3);
      return SmallRuns.weights(network);
    } finally {
      assertEquals(0, threads(), "worker or loader threads left");
    }
  }

  static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("azulejo-"))
        .count();
  }
}

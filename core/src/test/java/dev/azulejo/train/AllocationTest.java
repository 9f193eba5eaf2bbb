package dev.azulejo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.sun.management.ThreadMXBean;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.Shift;
import dev.azulejo.data.Subset;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.NetworkText;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A training step makes no Java garbage: not a byte in hundreds of steps, once the JIT compiler has
 * done its work (before, interpreted code allocates what compiled code does not).
 */
class AllocationTest extends DeviceTest {
  /** Steps that together may not allocate a byte. */
  private static final int WINDOW = 250;

  private static final NetworkSpec DENSE = NetworkText.parse("input 1x12x12\nflatten\ndense 10");

  /** Windows until then; compilation in the background takes a few. */
  private static final int WARM_UP = 120;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  static List<Arguments> runs() {
    return List.of(
        arguments(Sgd.rate(1e-4f), 1),
        arguments(Sgd.rate(1e-4f).momentum(0.9f).nesterov(), 1),
        arguments(Adam.rate(1e-5f), 1),
        arguments(Sgd.rate(1e-4f).momentum(0.9f), 3));
  }

  /** The trainer's thread and those of its workers, if there are several. */
  @ParameterizedTest(name = "{0}, {1} workers")
  @MethodSource("runs")
  void stepAllocatesNothing(Optimizer optimizer, int workers) {
    // Elsewhere Java does the same for each loss, and emulated steps take their time.
    List<Loss> losses = device.isHost() ? List.of(Loss.values()) : List.of(Loss.MEAN_SQUARED_ERROR);
    for (Loss loss : losses) {
      try (Network network = Network.create(device, SmallRuns.SPEC, 1);
          TrainingStep step = new TrainingStep(network, optimizer, loss, 3, workers);
          Arena arena = Arena.ofShared()) {
        MemorySegment images = arena.allocate(3L * 144 * Float.BYTES, Float.BYTES);
        MemorySegment labels = arena.allocate(3L * Integer.BYTES, Integer.BYTES);
        long[] threads = workerThreads();
        assertEquals(workers - 1, threads.length);
        long live = device.memory().liveBytes();
        long[] allocated = new long[WARM_UP];
        int windows = 0;
        do {
          long before = allocated(threads);
          for (int i = 0; i < WINDOW; i++) {
            // A shorter mini-batch and another rate now and then, as at the end of an epoch.
            step.gradients(images, labels, i % 8 == 0 ? 2 : 3);
            step.update(i % 16 == 0 ? 2e-5f : 1e-5f);
          }
          allocated[windows] = allocated(threads) - before;
        } while (allocated[windows++] != 0 && windows < WARM_UP);
        assertEquals(
            0, allocated[windows - 1], () -> report(optimizer + ", " + loss, WINDOW, allocated));
        assertEquals(live, device.memory().liveBytes(), "device memory");
      }
    }
  }

  /** The trainer's whole loop: mini-batches, steps, schedule, report, listener. */
  @Test
  void trainersLoopAllocatesNothing() {
    // Elsewhere a window has fewer steps, of fewer layers: emulated ones take their time.
    int window = device.isHost() ? WINDOW : WINDOW / 10;
    NetworkSpec spec = device.isHost() ? SmallRuns.SPEC : DENSE;
    int[] indices = new int[window * WARM_UP * 2];
    for (int i = 0; i < indices.length; i++) {
      indices[i] = i % 32;
    }
    // One long epoch: what an epoch allocates (its report) is not a step's.
    Dataset data = Subset.of(SmallRuns.glyphs(32), indices);
    long[] allocated = new long[WARM_UP];
    int[] windows = {0};
    try (Network network = Network.create(device, spec, 1)) {
      Trainer trainer =
          Trainer.of(network)
              .reportEvery(1)
              .batchSize(2)
              .optimizer(Sgd.rate(1e-5f).momentum(0.9f))
              .augment(new Shift(1))
              .schedule(LearningRateSchedule.warmup(0.1, LearningRateSchedule.cosine()));
      trainer.listener(
          new TrainingListener() {
            private long before = -1;
            private int steps;

            @Override
            public void batch(BatchReport report) {
              if (++steps < window) {
                return;
              }
              steps = 0;
              long now = THREADS.getCurrentThreadAllocatedBytes();
              if (before >= 0) {
                allocated[windows[0]] = now - before;
                if (allocated[windows[0]++] == 0) {
                  trainer.stop();
                }
              }
              before = THREADS.getCurrentThreadAllocatedBytes();
            }
          });
      assertTrue(trainer.fit(data, 1).stopped(), () -> report("trainer", window, allocated));
    }
    assertEquals(0, allocated[windows[0] - 1]);
  }

  private static long[] workerThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("azulejo-worker-"))
        .mapToLong(Thread::threadId)
        .toArray();
  }

  private static long allocated(long[] threads) {
    long bytes = THREADS.getCurrentThreadAllocatedBytes();
    for (long thread : threads) {
      bytes += THREADS.getThreadAllocatedBytes(thread);
    }
    return bytes;
  }

  private static String report(String what, int window, long[] allocated) {
    return what + ": bytes of each " + window + " steps: " + java.util.Arrays.toString(allocated);
  }
}

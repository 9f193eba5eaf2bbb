package dev.azulejo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Shape;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.engine.Engine;
import dev.azulejo.nn.Evaluation;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.NetworkText;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training on BF16 with channels last: LeNet-5's layers, small. Elsewhere the engine is refused.
 */
class Bf16TrainingTest extends DeviceTest {
  private static final NetworkSpec SPEC =
      NetworkText.parse(
          """
          input 1x16x16 mean 0.2 std 0.35
          conv2d 6 5 relu
          maxpool 2
          conv2d 16 3 relu
          maxpool 2
          flatten
          dense 24 relu
          dense 10
          """);

  /** One of each kind of layer. */
  private static final NetworkSpec TINY =
      NetworkText.parse("input 1x4x4\nconv2d 2 3 padding 1 relu\nmaxpool 2\nflatten\ndense 3");

  private static final Dataset DATA = Glyphs.generate(36, new Shape(1, 16, 16), 5);
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir private Path folder;

  private boolean has() {
    return kind != DeviceKind.CPU && device.info().capability() == 90;
  }

  private Network network(Engine engine) {
    Network network = Network.create(device, SPEC, 42);
    network.setEngine(engine);
    return network;
  }

  private Network tiny() {
    Network network = Network.create(device, TINY, 42);
    network.setEngine(Engine.azulejoBf16());
    return network;
  }

  /** A run: the mean losses of its epochs, and what came of it. */
  private record Run(List<Double> losses, float[] weights, Evaluation evaluation) {}

  private Run run(Engine engine, int epochs, boolean workers) {
    List<Double> losses = new ArrayList<>();
    try (Network network = network(engine)) {
      Trainer trainer =
          Trainer.of(network)
              .optimizer(Sgd.rate(0.05f).momentum(0.9f))
              .batchSize(16) // 16, 16 and 4
              .listener(
                  new TrainingListener() {
                    @Override
                    public void epoch(EpochReport report) {
                      losses.add(report.trainLoss());
                    }
                  });
      if (workers) {
        trainer.workers(2);
      }
      trainer.fit(DATA, epochs);
      return new Run(losses, SmallRuns.weights(network), network.evaluate(DATA, 20));
    }
  }

  /**
   * The loss falls, and its epochs' means are those of float32: the first to a few roundings of
   * BF16, as weights, activations and gradients are rounded to 2^-8 of themselves; the others to a
   * tenth of the first loss, since the steps' differences add up.
   */
  @Test
  void theLossFollowsThatOfFloat32() {
    if (!has()) {
      return;
    }
    Run expected = run(Engine.azulejo(), 6, false);
    Run actual = run(Engine.azulejoBf16(), 6, false);
    assertEquals(6, actual.losses().size());
    double first = expected.losses().getFirst();
    for (int i = 0; i < 6; i++) {
      double allowed = i == 0 ? 0.02 * first : 0.1 * first;
      double off = Math.abs(actual.losses().get(i) - expected.losses().get(i));
      assertTrue(
          off <= allowed, "epoch " + i + ": " + actual.losses() + ", float32 " + expected.losses());
    }
    assertTrue(actual.losses().getLast() < 0.8 * first, actual.losses().toString());
    assertNotEquals(expected.losses().getFirst(), actual.losses().getFirst());
    double difference = Math.abs(actual.evaluation().loss() - expected.evaluation().loss());
    assertTrue(difference <= 0.1 * first, actual.evaluation().toString());
  }

  /** Captured and called one by one, twice: the same bits. Several workers go the same way. */
  @Test
  void runsAreReproducible() {
    if (!has()) {
      return;
    }
    Run once = run(Engine.azulejoBf16(), 2, false);
    Run again = run(Engine.azulejoBf16(), 2, false);
    assertArrayEquals(once.weights(), again.weights());
    Run shared = run(Engine.azulejoBf16(), 2, true);
    assertEquals(once.losses().getLast(), shared.losses().getLast(), 0.05);
  }

  /** The file does not know who computed: its weights are float32 in the layers' order. */
  @Test
  void aSavedModelIsThatOfFloat32() throws Exception {
    if (!has()) {
      return;
    }
    Path ours = folder.resolve("bf16.safetensors");
    Path float32 = folder.resolve("float32.safetensors");
    try (Network a = network(Engine.azulejoBf16());
        Network b = network(Engine.azulejo())) {
      a.save(ours);
      b.save(float32);
      assertEquals(-1, Files.mismatch(ours, float32));
      Trainer.of(a).optimizer(Sgd.rate(0.05f)).batchSize(16).fit(DATA, 1);
      a.save(ours);
      Trainer.of(b).optimizer(Sgd.rate(0.05f)).batchSize(16).fit(DATA, 1);
      b.save(float32);
      assertEquals(Files.size(float32), Files.size(ours));
      try (Network loaded = Network.load(device, ours)) {
        Evaluation there = loaded.evaluate(DATA);
        Evaluation here = a.evaluate(DATA);
        assertEquals(there.loss(), here.loss(), 0.02 * there.loss());
      }
    }
  }

  /** Once the JIT compiler has done its work, as in {@link AllocationTest}. */
  @Test
  void aStepAllocatesNothing() {
    if (!has()) {
      return;
    }
    try (Network network = tiny();
        TrainingStep step =
            new TrainingStep(network, Sgd.rate(1e-4f), Loss.SOFTMAX_CROSS_ENTROPY, 2, 1);
        Arena arena = Arena.ofConfined()) {
      MemorySegment images = arena.allocate(2L * 16 * Float.BYTES, Float.BYTES);
      MemorySegment labels = arena.allocate(2L * Integer.BYTES, Integer.BYTES);
      long live = device.memory().liveBytes();
      long least = Long.MAX_VALUE;
      for (int window = 0; window < 200 && least > 0; window++) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 10; i++) {
          step.gradients(images, labels, i % 4 == 0 ? 1 : 2);
          step.update(1e-5f);
        }
        least = Math.min(least, THREADS.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(0, least, "bytes of ten steps");
      assertEquals(live, device.memory().liveBytes(), "device memory");
    }
  }
}

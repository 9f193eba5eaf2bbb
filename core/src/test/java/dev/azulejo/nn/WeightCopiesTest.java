package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Shape;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Emulation;
import dev.azulejo.device.Graph;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.engine.Engine;
import dev.azulejo.ops.Elementwise;
import dev.azulejo.train.BatchReport;
import dev.azulejo.train.EarlyStop;
import dev.azulejo.train.EpochReport;
import dev.azulejo.train.Sgd;
import dev.azulejo.train.Trainer;
import dev.azulejo.train.TrainingListener;
import dev.azulejo.train.TrainingStep;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A plan on BF16 has copies of the weights. It makes them anew when the weights have been written,
 * by whomever, and only then; counted in kernels of the emulated device.
 */
@Tag("emulated")
class WeightCopiesTest {
  private static final NetworkSpec SPEC =
      NetworkText.parse("input 1x12x12\nconv2d 3 3 padding 1 relu\nmaxpool 2\nflatten\ndense 10");
  private static final NetworkSpec SMALL = NetworkText.parse("input 1x2x2\nflatten\ndense 2");
  private static final int LAYERS_WITH_COPIES = 2;
  private static final Shape SHAPE = new Shape(1, 12, 12);

  @TempDir private Path folder;

  private Device device;
  private Stream stream;
  private Network network;
  private InferencePlan plan;

  @BeforeEach
  void open() {
    device = Device.open(DeviceKind.EMULATED);
    stream = device.stream();
    network = Network.create(device, SPEC, 1);
    network.setEngine(Engine.azulejoBf16());
    plan = network.plan(2);
    fill(plan.input(), stream);
  }

  @AfterEach
  void close() {
    plan.close();
    network.close();
    stream.workspace().trim();
    assertEquals(0, device.memory().liveBytes());
    device.close();
    Emulation.reset();
  }

  private static void fill(Tensor input, Stream stream) {
    float[] values = new float[(int) input.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37 % 64) / 64f;
    }
    input.upload(stream, values);
  }

  private float[] run() {
    return plan.run(2).toArray(stream);
  }

  /** Of a plan that has never run before. */
  private float[] expected() {
    try (InferencePlan fresh = network.plan(2)) {
      fill(fresh.input(), stream);
      return fresh.run(2).toArray(stream);
    }
  }

  private int launches(Runnable work) {
    int before = Emulation.calls("cudaLaunchKernelExC") + Emulation.calls("cudaLaunchKernel");
    work.run();
    return Emulation.calls("cudaLaunchKernelExC") + Emulation.calls("cudaLaunchKernel") - before;
  }

  /** What the plan computes now is of the weights as they are, and others than it computed last. */
  private float[] assertFresh(float[] last) {
    float[] now = run();
    assertArrayEquals(expected(), now);
    assertTrue(!Arrays.equals(last, now), "the weights have changed");
    return now;
  }

  private static void halve(Stream stream, Tensor weights) {
    Elementwise.scale(stream, weights.count(), 0.5f, weights);
  }

  @Test
  void copiesAreMadeOnceForEachChange() {
    int first = launches(this::run);
    int again = launches(this::run);
    assertEquals(LAYERS_WITH_COPIES, first - again);
    assertEquals(again, launches(this::run));
    network.write(stream, weights -> halve(stream, weights));
    assertEquals(first, launches(this::run));
    assertEquals(again, launches(this::run));
    // Reading is no change.
    try (DeviceBuffer copy = device.allocateFloats("test", network.layout().count())) {
      network.copyWeights(stream, copy.floats());
      network.save(folder.resolve("model.safetensors"));
    }
    network.evaluate(Glyphs.generate(5, SHAPE, 5), 2);
    assertEquals(again, launches(this::run));
  }

  /** Whoever has the tensor may write at any time, so every run makes its copies. */
  @Test
  void aTensorThatIsHandedOutCostsCopiesInEachRun() {
    int first = launches(this::run);
    float[] last = run();
    Tensor weights = network.weights();
    for (int i = 0; i < 3; i++) {
      halve(stream, weights);
      last = assertFresh(last);
      assertEquals(first, launches(this::run));
    }
    network.write(stream, w -> halve(stream, w));
    assertFresh(last);
    assertEquals(first, launches(this::run));
  }

  @Test
  void aStepOfTrainingIsAChange() {
    float[] last = run();
    try (TrainingStep step =
            new TrainingStep(
                network, Sgd.rate(0.1f).momentum(0.9f), Loss.MEAN_SQUARED_ERROR, 2, 1);
        Arena arena = Arena.ofConfined()) {
      MemorySegment images = arena.allocate(2L * 144 * Float.BYTES, Float.BYTES).fill((byte) 0x3e);
      MemorySegment labels = arena.allocate(2L * Integer.BYTES, Integer.BYTES);
      for (int i = 0; i < 3; i++) {
        step.gradients(images, labels, 2);
        step.update(0.1f);
        last = assertFresh(last);
      }
    }
  }

  /** By graphs that are replayed, on a stream and on weights of their own. */
  @Test
  void eachReportOfATrainingIsAChange() {
    int[] reports = {0};
    float[][] last = {run()};
    Trainer.of(network)
        .batchSize(2)
        .reportEvery(2)
        .listener(
            new TrainingListener() {
              @Override
              public void batch(BatchReport report) {
                last[0] = assertFresh(last[0]);
                reports[0]++;
              }
            })
        .fit(Glyphs.generate(9, SHAPE, 5), 2);
    assertEquals(6, reports[0]);
    assertArrayEquals(last[0], run());
    assertArrayEquals(expected(), run());
  }

  /** A run that ends early drops what is under way: the weights are those of the last report. */
  @Test
  void anEarlyStopAndACheckpointAreChanges() {
    Path file = folder.resolve("checkpoint.safetensors");
    Trainer trainer = Trainer.of(network).batchSize(2).earlyStop(new EarlyStop(1, 100));
    float[][] saved = new float[1][];
    trainer
        .listener(
            new TrainingListener() {
              @Override
              public void epoch(EpochReport report) {
                if (report.epoch() == 1) {
                  trainer.save(file);
                  saved[0] = run();
                }
              }
            })
        .fit(Glyphs.generate(5, SHAPE, 5), 9);
    assertArrayEquals(expected(), run());
    // Back to the weights of the first epoch, and on from there.
    network.write(stream, weights -> halve(stream, weights));
    float[] last = run();
    float[][] resumed = new float[1][];
    Trainer again = Trainer.of(network).batchSize(2);
    again
        .listener(
            new TrainingListener() {
              @Override
              public void batch(BatchReport report) {
                if (resumed[0] == null) {
                  resumed[0] = run();
                  assertArrayEquals(expected(), resumed[0]);
                }
              }
            })
        .resume(file)
        .fit(Glyphs.generate(5, SHAPE, 5), 2);
    assertTrue(!Arrays.equals(last, resumed[0]));
    assertTrue(!Arrays.equals(saved[0], resumed[0]));
    assertArrayEquals(expected(), run());
  }

  /**
   * A recording that writes does so whenever it is launched; one that runs makes its own copies.
   */
  @Test
  void recordingsFollowTheWeights() {
    float[] last = run();
    try (Graph runs = stream.capture(() -> plan.run(2))) {
      network.write(stream, weights -> halve(stream, weights));
      runs.launch();
      float[] replayed = plan.run(2).toArray(stream);
      assertArrayEquals(expected(), replayed);
      try (Graph writes =
          stream.capture(() -> network.write(stream, weights -> halve(stream, weights)))) {
        for (int i = 0; i < 3; i++) {
          writes.launch();
          last = assertFresh(last);
        }
      }
    }
  }

  /** A plan on another stream waits for the write, on the device. */
  @Test
  void copiesOnAnotherStreamWaitForTheWrite() {
    try (Stream other = device.openStream(0);
        InferencePlan there = network.plan(2, other)) {
      fill(there.input(), other);
      there.run(2);
      int waits = Emulation.calls("cudaStreamWaitEvent");
      network.write(stream, weights -> halve(stream, weights));
      float[] now = there.run(2).toArray(other);
      assertEquals(waits + 1, Emulation.calls("cudaStreamWaitEvent"));
      assertArrayEquals(expected(), now);
    }
  }

  /** Half of what it meant to write may be there. */
  @Test
  void aWriteThatFailsIsAChange() {
    float[] last = run();
    assertThrows(
        IllegalStateException.class,
        () ->
            network.write(
                stream,
                weights -> {
                  halve(stream, weights);
                  throw new IllegalStateException("test");
                }));
    assertFresh(last);
  }

  /** Whether the weights have been written or not. */
  @Test
  void aRunAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Consumer<Tensor> writing = weights -> halve(stream, weights);
    try (Network small = Network.create(device, SMALL, 1)) {
      small.setEngine(Engine.azulejoBf16());
      try (InferencePlan runs = small.plan(2)) {
        long least = Long.MAX_VALUE;
        for (int window = 0; window < 200 && least > 0; window++) {
          long before = threads.getCurrentThreadAllocatedBytes();
          for (int i = 0; i < 20; i++) {
            if (i % 3 == 0) {
              small.write(stream, writing);
            }
            runs.run(1 + i % 2);
          }
          least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, least, "bytes of twenty runs");
      }
    }
  }
}

package dev.azulejo.compare.engine.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.azulejo.compare.engine.EngineConformance;
import dev.azulejo.compare.engine.TestTensor;
import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Shape;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Engines;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.MemoryPlan;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.Zoo;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Shapes;
import dev.azulejo.train.Sgd;
import dev.azulejo.train.Trainer;
import dev.azulejo.train.TrainingStep;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The engine onednn, from the jar of org.bytedeco: its plans, and whole networks. */
class DnnlEngineTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int BATCH = 8;

  private final Engine engine = Engines.named("onednn", DeviceKind.CPU);
  private Device device;
  private Stream stream;

  @BeforeEach
  void open() {
    device = Device.cpu(2);
    stream = device.stream();
  }

  @AfterEach
  void close() {
    stream.workspace().trim();
    assertEquals(0, device.memory().liveBytes(), () -> "leaked: " + device.memory());
    device.close();
  }

  static List<Shapes.Line> convolutions() {
    return Shapes.read("conv-small.csv");
  }

  static List<Shapes.Line> denseLayers() {
    return Shapes.read("dense-small.csv");
  }

  @ParameterizedTest
  @MethodSource("convolutions")
  void convolutionAgreesWithFloat64(Shapes.Line line) {
    EngineConformance.convolution(engine, stream, EngineConformance.shape(line), line.get("batch"));
  }

  @ParameterizedTest
  @MethodSource("denseLayers")
  void denseAgreesWithFloat64(Shapes.Line line) {
    EngineConformance.dense(
        engine, stream, line.get("batch"), line.get("inputs"), line.get("outputs"));
  }

  /** One engine on streams of different sizes, turn by turn on one thread. */
  @Test
  void everyStreamKeepsItsThreads() {
    Conv2dShape shape = new Conv2dShape(16, 14, 14, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    try (Stream one = device.openStream(1);
        Stream three = device.openStream(3)) {
      for (Stream each : List.of(one, three, stream)) {
        EngineConformance.convolution(engine, each, shape, 3);
      }
      one.workspace().trim();
      three.workspace().trim();
    }
  }

  /** The first losses of a network are those of our engine, up to the order of sums. */
  @ParameterizedTest
  @ValueSource(strings = {"lenet5", "mnist-cnn"})
  void trainsAsOursDoes(String network) {
    double[] ours = losses(network, Engine.azulejo(), 12);
    double[] theirs = losses(network, engine, 12);
    assertTrue(ours[11] < ours[0], () -> Arrays.toString(ours));
    for (int i = 0; i < ours.length; i++) {
      assertEquals(ours[i], theirs[i], 2e-3 * ours[i], network + ", step " + i);
    }
  }

  /** Each worker has a stream, a session and a team of its own. */
  @Test
  void workersTrainAsOneDoes() {
    var data = Glyphs.generate(48, new Shape(1, 28, 28), 1);
    double[] losses = new double[2];
    for (int workers = 1; workers <= 2; workers++) {
      try (Network network =
          Network.create(device, Zoo.spec("lenet5", new Shape(1, 28, 28), 10), 1)) {
        network.setEngine(engine);
        losses[workers - 1] =
            Trainer.of(network)
                .optimizer(Sgd.rate(0.02f))
                .batchSize(16)
                .workers(workers)
                .fit(data, 2)
                .epochs()
                .getLast()
                .trainLoss();
      }
    }
    assertEquals(losses[0], losses[1], 1e-3 * losses[0]);
  }

  @Test
  void stepAllocatesNothing() {
    try (Network network = Network.create(device, Zoo.spec("lenet5", new Shape(1, 28, 28), 10), 1);
        Arena arena = Arena.ofConfined()) {
      network.setEngine(engine);
      MemorySegment images = images(arena);
      MemorySegment labels = labels(arena);
      try (TrainingStep step =
          new TrainingStep(network, Sgd.rate(1e-5f), Loss.SOFTMAX_CROSS_ENTROPY, BATCH, 1)) {
        long[] allocated = new long[60];
        int window = 0;
        do {
          long before = THREADS.getCurrentThreadAllocatedBytes();
          for (int i = 0; i < 100; i++) {
            step.gradients(images, labels, i % 10 == 9 ? BATCH - 3 : BATCH);
            step.update(1e-5f);
          }
          allocated[window] = THREADS.getCurrentThreadAllocatedBytes() - before;
        } while (allocated[window++] != 0 && window < allocated.length);
        assertEquals(0, allocated[window - 1], () -> Arrays.toString(allocated));
      }
    }
  }

  @Test
  void memoryIsPlannedAndReportedUnderTheEnginesName() {
    var spec = Zoo.spec("lenet5", new Shape(1, 28, 28), 10);
    MemoryPlan plan = MemoryPlan.inference(spec, stream, BATCH, engine);
    assertTrue(plan.engine() > 0, plan::toString);
    try (Network network = Network.create(device, spec, 1)) {
      network.setEngine(engine);
      try (var inference = network.plan(BATCH)) {
        assertEquals(BATCH, inference.maxBatch());
        assertTrue(device.memory().toString().contains("onednn"), device.memory()::toString);
        assertEquals(plan.total(), device.memory().liveBytes());
      }
    }
  }

  @Test
  void kernelsAndReordersAreNamed() {
    try (EngineSession session = engine.open(stream, true)) {
      ConvolutionPlan plan =
          session.convolution(
              Conv2dProblem.builder().input(64, 14, 14).filters(64).kernel(3, 3).batch(4).build());
      for (ConvPass pass : ConvPass.values()) {
        String algorithm = plan.algorithm(pass);
        assertTrue(algorithm.matches("[a-z][\\w:+.]+(, \\d+ reorders?)?"), algorithm);
      }
    }
  }

  @Test
  void gradientsOfInferenceAreRefused() {
    try (EngineSession session = engine.open(stream, false);
        TestTensor x = new TestTensor(stream, new float[4])) {
      ConvolutionPlan plan =
          session.convolution(
              Conv2dProblem.builder().input(1, 2, 2).filters(1).kernel(1, 1).build());
      assertThrows(
          IllegalStateException.class, () -> plan.gradInput(x.floats(), x.floats(), x.floats()));
    }
  }

  @Test
  void precisionsAndDevices() {
    assertEquals("onednn:bf16", Engines.named("onednn:bf16", DeviceKind.CPU).name());
    assertTrue(refused("onednn:tf32", DeviceKind.CPU).contains("it has fp32, bf16"));
    assertTrue(refused("onednn", DeviceKind.CUDA).contains("it is for cpu, not cuda"));
  }

  private static String refused(String name, DeviceKind kind) {
    return assertThrows(IllegalArgumentException.class, () -> Engines.named(name, kind))
        .getMessage();
  }

  private double[] losses(String name, Engine with, int steps) {
    double[] losses = new double[steps];
    try (Network network = Network.create(device, Zoo.spec(name, new Shape(1, 28, 28), 10), 1);
        Arena arena = Arena.ofConfined()) {
      network.setEngine(with);
      MemorySegment images = images(arena);
      MemorySegment labels = labels(arena);
      try (TrainingStep step =
          new TrainingStep(network, Sgd.rate(0.02f), Loss.SOFTMAX_CROSS_ENTROPY, BATCH, 1)) {
        for (int i = 0; i < steps; i++) {
          step.gradients(images, labels, BATCH);
          step.update(0.02f);
          losses[i] = step.lossSum() / BATCH;
        }
      }
    }
    return losses;
  }

  private static MemorySegment images(Arena arena) {
    float[] values = new Samples(9).uniform(BATCH * 28L * 28);
    return arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }

  private static MemorySegment labels(Arena arena) {
    return arena.allocateFrom(ValueLayout.JAVA_INT, 0, 1, 2, 3, 4, 5, 6, 7);
  }
}

package dev.azulejo.train;

import static dev.azulejo.train.SmallRuns.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.NetworkText;
import dev.azulejo.nn.ReferenceNetwork;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.OptimizerReference;
import dev.azulejo.reference.Samples;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TrainingStepTest extends DeviceTest {
  private static final NetworkSpec SPEC =
      NetworkText.parse("input 2x5x5\nconv2d 3 3 tanh\nmeanpool 2 stride 1\nflatten\ndense 4");

  static List<Arguments> optimizers() {
    return List.of(
        arguments(Sgd.rate(0.3f)),
        arguments(Sgd.rate(0.2f).momentum(0.9f)),
        arguments(Sgd.rate(0.2f).momentum(0.9f).nesterov().weightDecay(0.01f)),
        arguments(Adam.rate(0.02f)),
        arguments(Adam.rate(0.02f).beta1(0.8f).beta2(0.95f).epsilon(1e-4f).weightDecay(0.05f)),
        arguments(Adam.rate(0.02f).weightDecay(0.05f).decoupled()));
  }

  /**
   * Whole training runs in float64, gradients by central differences: T(2.5), T(2.6), row T5. The
   * rate changes from step to step, and so does the size of the mini-batch.
   */
  @ParameterizedTest(name = "{0}")
  @MethodSource("optimizers")
  void stepsFollowTheFloat64RecurrenceT5(Optimizer optimizer) {
    ReferenceNetwork reference = new ReferenceNetwork(SPEC);
    Samples samples = new Samples(21);
    try (Network network = Network.create(device, SPEC, 3);
        TrainingStep step = new TrainingStep(network, optimizer, Loss.SOFTMAX_CROSS_ENTROPY, 6, 1);
        Arena arena = Arena.ofConfined()) {
      double[] w = Doubles.of(SmallRuns.weights(network));
      double[] first = new double[w.length];
      double[] second = new double[w.length];
      for (int i = 1; i <= 6; i++) {
        int count = 1 + (i * 5) % 6;
        float rate = optimizer.learningRate() / i;
        float[] x = samples.uniform(count * 50L);
        int[] labels = samples.labels(count, 4);
        step.gradients(floats(arena, x), ints(arena, labels), count);
        step.update(rate);
        assertEquals(i, step.steps());
        double[] outputs = reference.forward(w, Doubles.of(x), count);
        double loss = reference.loss(Loss.SOFTMAX_CROSS_ENTROPY, outputs, labels);
        assertEquals(loss, step.lossSum() / count, 2e-5, "loss of step " + i);
        double[] g = reference.gradients(Loss.SOFTMAX_CROSS_ENTROPY, w, Doubles.of(x), labels);
        update(optimizer, rate, i, g, w, first, second);
      }
      float[] trained = SmallRuns.weights(network);
      for (int i = 0; i < w.length; i++) {
        assertEquals(w[i], trained[i], 5e-5, "weight " + i);
      }
    }
  }

  private static void update(
      Optimizer optimizer,
      float rate,
      int step,
      double[] g,
      double[] w,
      double[] first,
      double[] second) {
    switch (optimizer) {
      case Sgd sgd ->
          OptimizerReference.sgd(
              rate, sgd.momentum(), sgd.weightDecay(), sgd.lookahead(), g, w, first);
      case Adam adam ->
          OptimizerReference.adam(
              rate,
              adam.beta1(),
              adam.beta2(),
              adam.epsilon(),
              adam.weightDecay(),
              adam.decoupledDecay(),
              step,
              g,
              w,
              first,
              second);
      default -> throw new AssertionError(optimizer);
    }
  }

  /** Hits and losses are those of the mini-batch alone, not added to the ones before. */
  @Test
  void sumsBelongToTheLastMiniBatch() {
    float[] x = new Samples(2).uniform(250);
    int[] labels = {0, 1, 2, 3, 0};
    try (Network network = Network.create(device, SPEC, 3);
        TrainingStep step =
            new TrainingStep(network, Sgd.rate(1), Loss.SOFTMAX_CROSS_ENTROPY, 5, 1);
        Arena arena = Arena.ofConfined()) {
      step.gradients(floats(arena, x), ints(arena, labels), 5);
      double loss = step.lossSum();
      double hits = step.hitSum();
      step.gradients(floats(arena, x), ints(arena, labels), 5);
      assertEquals(loss, step.lossSum());
      assertEquals(hits, step.hitSum());
      assertEquals(Math.rint(hits), hits);
      assertEquals(0, step.steps(), "gradients are no step");
    }
  }

  @Test
  void misuseIsExplained() throws Exception {
    try (Network network = Network.create(device, SPEC, 3);
        Arena arena = Arena.ofConfined()) {
      assertMessage(
          "0 workers for mini-batches of 4: there must be 1 to 4",
          assertThrows(
              IllegalArgumentException.class,
              () -> new TrainingStep(network, Sgd.rate(1), Loss.SOFTMAX_CROSS_ENTROPY, 4, 0)));
      assertMessage(
          "5 workers for mini-batches of 4: there must be 1 to 4",
          assertThrows(
              IllegalArgumentException.class,
              () -> new TrainingStep(network, Sgd.rate(1), Loss.SOFTMAX_CROSS_ENTROPY, 4, 5)));
      MemorySegment images = floats(arena, new float[200]);
      MemorySegment labels = ints(arena, new int[4]);
      TrainingStep step = new TrainingStep(network, Sgd.rate(1), Loss.SOFTMAX_CROSS_ENTROPY, 4, 1);
      try (step) {
        for (int count : new int[] {0, -1, 5}) {
          assertMessage(
              "mini-batch of " + count + " samples in a step for 1 to 4",
              assertThrows(
                  IllegalArgumentException.class, () -> step.gradients(images, labels, count)));
        }
        assertMessage(
            "source needs at least 800 bytes, has 796",
            assertThrows(
                IllegalArgumentException.class,
                () -> step.gradients(images.asSlice(0, 796), labels, 4)));
        assertMessage(
            "heap",
            assertThrows(
                IllegalArgumentException.class,
                () -> step.gradients(MemorySegment.ofArray(new float[200]), labels, 4)));
      }
      step.close();
      assertMessage(
          "is closed",
          assertThrows(IllegalStateException.class, () -> step.gradients(images, labels, 4)));
      assertMessage("is closed", assertThrows(IllegalStateException.class, () -> step.update(1)));
    }
  }

  /** Whatever was allocated before the wrong thread was noticed is given back. */
  @Test
  void wrongThreadLeaksNothing() throws Exception {
    try (Network network = Network.create(device, SPEC, 3);
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      long before = device.memory().liveBytes();
      for (int workers : new int[] {1, 2}) {
        for (Optimizer optimizer : new Optimizer[] {Sgd.rate(1).momentum(0.5f), Adam.rate(1)}) {
          Throwable failure =
              assertThrows(
                      ExecutionException.class,
                      () ->
                          pool.submit(
                                  () ->
                                      new TrainingStep(
                                          network, optimizer, Loss.MEAN_SQUARED_ERROR, 4, workers))
                              .get())
                  .getCause();
          assertEquals(IllegalStateException.class, failure.getClass(), failure.toString());
          assertEquals(before, device.memory().liveBytes(), () -> device.memory().toString());
        }
      }
    }
  }

  @Test
  void settingsAreCheckedAndDescribed() {
    assertEquals(
        "sgd rate 0.1 momentum 0.9 nesterov weight-decay 1.0E-4",
        Sgd.rate(0.1f).momentum(0.9f).nesterov().weightDecay(1e-4f).describe());
    assertEquals("sgd rate 0.1 momentum 0.0 weight-decay 0.0", Sgd.rate(0.1f).describe());
    assertEquals(
        "adam rate 0.001 beta1 0.9 beta2 0.999 epsilon 1.0E-8 weight-decay 0.0",
        Adam.rate(0.001f).describe());
    assertEquals(
        "adamw rate 0.001 beta1 0.8 beta2 0.99 epsilon 1.0E-4 weight-decay 0.5",
        Adam.rate(0.001f)
            .beta1(0.8f)
            .beta2(0.99f)
            .epsilon(1e-4f)
            .weightDecay(0.5f)
            .decoupled()
            .describe());
    for (float bad : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      refused("learning rate must be positive and finite, was " + bad, () -> Sgd.rate(bad));
      refused("learning rate must be positive and finite, was " + bad, () -> Adam.rate(bad));
      refused("epsilon must be positive and finite, was " + bad, () -> Adam.rate(1).epsilon(bad));
    }
    for (float bad : new float[] {1, -0.1f, Float.NaN}) {
      refused(
          "momentum must be at least 0 and below 1, was " + bad, () -> Sgd.rate(1).momentum(bad));
      refused("beta1 must be at least 0 and below 1, was " + bad, () -> Adam.rate(1).beta1(bad));
      refused("beta2 must be at least 0 and below 1, was " + bad, () -> Adam.rate(1).beta2(bad));
    }
    for (float bad : new float[] {-1e-9f, Float.NaN, Float.POSITIVE_INFINITY}) {
      refused(
          "weight decay must be at least 0 and finite, was " + bad,
          () -> Sgd.rate(1).weightDecay(bad));
      refused(
          "weight decay must be at least 0 and finite, was " + bad,
          () -> Adam.rate(1).weightDecay(bad));
    }
    refused("Nesterov's form needs a momentum above 0", () -> Sgd.rate(1).nesterov());
  }

  private static void refused(String message, Runnable settings) {
    assertMessage(message, assertThrows(IllegalArgumentException.class, settings::run));
  }

  /** Moments begin at zero whatever was in the memory before. */
  @Test
  void momentsBeginAtZero() {
    try (var poison = device.allocateFloats("poison", 64)) {
      float[] nan = new float[64];
      java.util.Arrays.fill(nan, Float.NaN);
      poison.floats().upload(stream, nan);
    }
    try (OptimizerState state = Adam.rate(1).start(device, stream, 32, 1)) {
      assertEquals(java.util.Set.of("mean", "square"), state.moments().keySet());
      state
          .moments()
          .values()
          .forEach(moment -> assertArrayEquals(new float[32], moment.toArray(stream)));
    }
    try (OptimizerState state = Sgd.rate(1).momentum(0.5f).start(device, stream, 32, 1)) {
      assertArrayEquals(new float[32], state.moments().get("velocity").toArray(stream));
    }
    try (OptimizerState state = Sgd.rate(1).start(device, stream, 32, 1)) {
      assertEquals(0, state.moments().size(), "plain gradient descent keeps nothing");
    }
  }

  private static MemorySegment floats(Arena arena, float[] values) {
    return arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
  }

  private static MemorySegment ints(Arena arena, int[] values) {
    return arena.allocateFrom(ValueLayout.JAVA_INT, values);
  }
}

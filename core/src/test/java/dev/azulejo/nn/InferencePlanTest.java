package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.ops.Agreement;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InferencePlanTest extends DeviceTest {
  private static final String EVERYTHING =
      """
      input 2x9x9
      conv2d 4 3 padding 1 relu
      maxpool 3 stride 2
      conv2d 6 3 padding 1 groups 2
      leaky-relu 0.1
      meanpool 2
      tanh
      flatten
      dense 12 sigmoid
      dense 5
      softmax
      """;

  /** Both kinds of plan run the same operations, so their outputs have the same bits. */
  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        EVERYTHING,
        "input 3x4x4\nflatten\ndense 5", // a view first
        "input 3x4x4\nmaxpool 2\nrelu\nflatten", // nothing to train
        "input 3x2x2\nconv2d 4 2\nflatten\nflatten" // views last
      })
  void equalsTrainingPlanAndReference(String text) {
    NetworkSpec spec = NetworkText.parse(text);
    Samples samples = new Samples(3);
    try (Network network = Network.create(device, spec, 7);
        InferencePlan plan = network.plan(4)) {
      for (int batch : new int[] {4, 3, 1}) {
        float[] x = samples.uniform((long) batch * spec.input().size());
        float[] outputs = run(plan, x, batch);
        double[] exact =
            new ReferenceNetwork(spec)
                .forward(Doubles.of(network.weights().toArray(stream)), Doubles.of(x), batch);
        double[] allowed = new double[exact.length];
        Arrays.fill(allowed, 1e-5);
        Agreement.check("output", exact, allowed, outputs);
        if (spec.parameterCount() > 0) {
          try (TrainingPlan training = new TrainingPlan(network, stream, 4)) {
            training.setBatch(batch);
            training.input().slice(0, x.length).upload(stream, x);
            training.forward();
            float[] trained = training.output().slice(0, outputs.length).toArray(stream);
            assertArrayEquals(trained, outputs);
          }
        }
      }
    }
  }

  /** The result of a run does not depend on what was run before, or on the plan's size. */
  @Test
  void outputDependsOnItsInputAlone() {
    NetworkSpec spec = NetworkText.parse(EVERYTHING);
    float[] x = new Samples(5).uniform(2L * spec.input().size());
    try (Network network = Network.create(device, spec, 7);
        InferencePlan small = network.plan(2);
        InferencePlan large = network.plan(6)) {
      float[] expected = run(small, x, 2);
      float[] poison = new float[6 * spec.input().size()];
      Arrays.fill(poison, Float.NaN);
      run(large, poison, 6);
      assertArrayEquals(expected, run(large, x, 2));
      assertArrayEquals(expected, run(small, x, 2), "run twice");
    }
  }

  /** Weights are shared and only read: each thread has a stream and a plan of its own. */
  @Test
  void threadsWithPlansOfTheirOwnAgreeWithOne() throws Exception {
    int threads = 4;
    NetworkSpec spec = NetworkText.parse(EVERYTHING);
    int size = spec.input().size();
    try (Network network = Network.create(device, spec, 7)) {
      List<float[]> inputs = new ArrayList<>();
      List<float[]> expected = new ArrayList<>();
      try (Stream one = device.openStream(kind == dev.azulejo.device.DeviceKind.CPU ? 1 : 0);
          InferencePlan plan = network.plan(3, one)) {
        for (int i = 0; i < threads; i++) {
          inputs.add(new Samples(i).uniform(3L * size));
          expected.add(run(plan, inputs.get(i), 3));
        }
      }
      CountDownLatch ready = new CountDownLatch(threads);
      try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
        List<Future<Void>> results = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
          float[] x = inputs.get(i);
          float[] y = expected.get(i);
          Callable<Void> job =
              () -> {
                try (Stream mine =
                        device.openStream(kind == dev.azulejo.device.DeviceKind.CPU ? 1 : 0);
                    InferencePlan plan = network.plan(3, mine)) {
                  ready.countDown();
                  ready.await();
                  for (int run = 0; run < 50; run++) {
                    assertArrayEquals(y, run(plan, x, 3));
                  }
                }
                return null;
              };
          results.add(pool.submit(job));
        }
        for (Future<Void> result : results) {
          result.get();
        }
      }
    }
  }

  @Test
  void refusesWrongSizesThreadsAndUseAfterClose() throws Exception {
    NetworkSpec spec = NetworkText.parse("input 3x4x4\nflatten\ndense 5");
    try (Network network = Network.create(device, spec, 7)) {
      assertMessage(
          "batch must be at least 1, was 0",
          assertThrows(IllegalArgumentException.class, () -> network.plan(0)));
      InferencePlan plan = network.plan(2);
      try (plan) {
        assertEquals(2, plan.maxBatch());
        for (int samples : new int[] {0, -1, 3}) {
          assertMessage(
              "run of " + samples + " samples in a plan for 1 to 2",
              assertThrows(IllegalArgumentException.class, () -> plan.run(samples)));
        }
        try (ExecutorService other = Executors.newSingleThreadExecutor()) {
          Throwable failure =
              assertThrows(ExecutionException.class, () -> other.submit(() -> plan.run(1)).get())
                  .getCause();
          assertEquals(IllegalStateException.class, failure.getClass());
          assertMessage("bindToCurrentThread", failure);
        }
      }
      plan.close();
      assertMessage(
          "buffer 'activations' (", assertThrows(IllegalStateException.class, () -> plan.run(1)));
      assertMessage(
          "is closed",
          assertThrows(IllegalStateException.class, () -> plan.input().toArray(stream)));
    }
  }

  private float[] run(InferencePlan plan, float[] x, int batch) {
    plan.input().slice(0, x.length).upload(plan.stream(), x);
    int outputs = Math.toIntExact(plan.run(batch).count() / plan.maxBatch() * batch);
    return plan.run(batch).slice(0, outputs).toArray(plan.stream());
  }

  static void assertMessage(String part, Throwable failure) {
    if (!failure.getMessage().contains(part)) {
      throw new AssertionError("\"" + part + "\" is not in the message", failure);
    }
  }
}

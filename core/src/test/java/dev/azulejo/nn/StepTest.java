package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Shape;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.RecordingEngine;
import dev.azulejo.ops.Agreement;
import dev.azulejo.train.Sgd;
import dev.azulejo.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Layers that are computed as one: which, with what results, and what memory. Azulejo's engine has
 * an operation for a convolution and its max pooling; {@link RecordingEngine} computes the same,
 * one after the other.
 */
class StepTest extends DeviceTest {
  private static final Shape SHAPE = new Shape(1, 15, 14);

  /** An odd height, a pooling by itself, two steps of two layers, a view between steps. */
  private static final NetworkSpec SPEC =
      NetworkText.parse(
          """
          input 1x15x14 mean 0.2 std 0.35
          conv2d 5 3 padding 1 relu
          maxpool 2
          conv2d 17 3 padding 1 tanh
          conv2d 6 3 padding 1 leaky-relu 0.1
          maxpool 2
          flatten
          dense 9 relu
          dense 10
          """);

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 16})
  void resultsAreThoseOfTheLayersOneAfterTheOther(int batch) {
    try (Network together = Network.create(device, SPEC, 7);
        Network apart = Network.create(device, SPEC, 7)) {
      apart.setEngine(new RecordingEngine("apart"));
      float[] input = new float[batch * SHAPE.size()];
      for (int i = 0; i < input.length; i++) {
        input[i] = (i * 37 % 101) / 50f - 1;
      }
      float[][] a = results(together, input, batch);
      float[][] b = results(apart, input, batch);
      assertArrayEquals(a[0], b[0], "output");
      assertArrayEquals(a[1], b[1], "output of inference");
      same(a[2], b[2], 1e-6);
    }
  }

  private float[][] results(Network network, float[] input, int batch) {
    try (TrainingPlan plan = new TrainingPlan(network, stream, batch + 2);
        InferencePlan inference = network.plan(batch + 1)) {
      plan.setBatch(batch);
      plan.input().slice(0, input.length).upload(stream, input);
      plan.forward();
      float[] output = plan.output().slice(0, batch * 10L).toArray(stream);
      plan.outputGradient().slice(0, output.length).upload(stream, output);
      plan.backward();
      inference.input().slice(0, input.length).upload(stream, input);
      float[] inferred = inference.run(batch).slice(0, batch * 10L).toArray(stream);
      return new float[][] {output, inferred, plan.gradients().toArray(stream)};
    }
  }

  /** On the CPU to the last bit; CUDA sums the gradient to the bias in another order. */
  private void same(float[] together, float[] apart, double tolerance) {
    assertEquals(apart.length, together.length);
    for (int i = 0; i < apart.length; i++) {
      double allowed = kind == DeviceKind.CPU ? 0 : tolerance * (1 + Math.abs(apart[i]));
      Agreement.check("element " + i, apart[i], allowed, together[i]);
    }
  }

  /** Whole runs: their weights. */
  @Test
  void trainingIsThatOfTheLayersOneAfterTheOther() {
    var data = Glyphs.generate(40, SHAPE, 3);
    List<float[]> weights = new ArrayList<>();
    for (Engine engine : List.of(Engine.azulejo(), new RecordingEngine("apart"))) {
      try (Network network = Network.create(device, SPEC, 7)) {
        network.setEngine(engine);
        Trainer.of(network).optimizer(Sgd.rate(0.05f).momentum(0.9f)).batchSize(16).fit(data, 2);
        weights.add(network.weights().toArray(stream));
      }
    }
    same(weights.get(0), weights.get(1), 1e-4);
  }

  @Test
  void theObserverIsToldOfSteps() {
    assertEquals(
        List.of(
            "0-1 forward",
            "2-2 forward",
            "3-4 forward",
            "6-6 forward",
            "7-7 forward",
            "7-7 backward",
            "6-6 backward",
            "3-4 backward",
            "2-2 backward",
            "0-1 backward"),
        steps(SPEC, Engine.azulejo()));
    assertEquals(
        List.of(
            "0-0 forward",
            "1-1 forward",
            "2-2 forward",
            "3-3 forward",
            "4-4 forward",
            "6-6 forward",
            "7-7 forward",
            "7-7 backward",
            "6-6 backward",
            "4-4 backward",
            "3-3 backward",
            "2-2 backward",
            "1-1 backward",
            "0-0 backward"),
        steps(SPEC, new RecordingEngine("apart")));
  }

  /** Other poolings are none of a convolution's, nor is one with a layer between. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "maxpool 3",
        "maxpool 2x3",
        "maxpool 2 stride 1",
        "maxpool 2 padding 1",
        "meanpool 2",
        "relu\nmaxpool 2"
      })
  void otherPoolingsAreStepsOfTheirOwn(String pooling) {
    NetworkSpec spec =
        NetworkText.parse("input 1x9x9\nconv2d 2 3\n" + pooling + "\nflatten\ndense 3");
    List<String> steps = steps(spec, Engine.azulejo());
    assertTrue(steps.contains("0-0 forward") && steps.contains("1-1 forward"), steps::toString);
  }

  private List<String> steps(NetworkSpec spec, Engine engine) {
    List<String> steps = new ArrayList<>();
    try (Network network = Network.create(device, spec, 1)) {
      network.setEngine(engine);
      try (TrainingPlan plan = new TrainingPlan(network, stream, 2)) {
        plan.input().upload(stream, new float[(int) plan.input().count()]);
        plan.observe(
            (first, last, backward) ->
                steps.add(first + "-" + last + (backward ? " backward" : " forward")));
        plan.forward();
        plan.backward();
        assertEquals(Optional.empty(), plan.firstNonFinite());
      }
    }
    return steps;
  }

  /** A network that is nothing but one step of two layers, and one that begins with a view. */
  @ParameterizedTest
  @ValueSource(
      strings = {"input 2x6x6\nconv2d 3 3 relu\nmaxpool 2", "input 1x1x6\nflatten\ndense 4"})
  void shortestNetworks(String text) {
    NetworkSpec spec = NetworkText.parse(text);
    List<String> steps = steps(spec, Engine.azulejo());
    assertEquals(2, steps.size(), steps::toString);
  }

  @Test
  void whatIsNotFiniteIsNamedByItsStep() {
    try (Network network = Network.create(device, SPEC, 1);
        TrainingPlan plan = new TrainingPlan(network, stream, 2)) {
      float[] input = new float[(int) plan.input().count()];
      Arrays.fill(input, 1);
      plan.input().upload(stream, input);
      float[] weights = network.weights().toArray(stream);
      weights[(int) network.layout().entries().get(1).offset()] = 3e38f; // conv2d1's first bias
      weights[(int) network.layout().entries().get(0).offset() + 4] = 3e38f;
      network.weights().upload(stream, weights);
      plan.forward();
      assertEquals(
          Optional.of("the output of conv2d1+maxpool1 is not finite"), plan.firstNonFinite());
    }
  }

  /** The convolutions' outputs, four times as large as what is kept, have no memory. */
  @Test
  void memoryByHand() {
    NetworkSpec spec =
        NetworkText.parse("input 1x8x8\nconv2d 2 3 padding 1 relu\nmaxpool 2\nflatten\ndense 3");
    Engine apart = new RecordingEngine("apart");
    MemoryPlan one = MemoryPlan.training(spec, stream, 2);
    MemoryPlan two = MemoryPlan.training(spec, stream, 2, apart);
    // input 128, convolution 256, pooling 64, flatten none, dense 6 -> 16
    assertEquals(4 * (128 + 64 + 16), one.activations());
    assertEquals(4 * (128 + 256 + 64 + 16), two.activations());
    // The gradient to the convolution's output is needed all the same.
    assertEquals(4 * 2 * 256, one.activationGradients());
    assertEquals(4 * 2 * 256, two.activationGradients());
    assertEquals(4 * 64, one.saved());
    assertEquals(4 * 64, two.saved());
    assertEquals(4 * (128 + 2 * 64), MemoryPlan.inference(spec, stream, 2).activations());
    assertEquals(4 * (128 + 2 * 256), MemoryPlan.inference(spec, stream, 2, apart).activations());
  }
}

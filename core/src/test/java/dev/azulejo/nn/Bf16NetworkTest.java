package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.MemoryReport;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.Engine;
import dev.azulejo.reference.Samples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Networks on BF16 with channels last: outputs and gradients beside those of the float32 engine,
 * memory, and what is refused. Devices without it refuse the engine.
 */
class Bf16NetworkTest extends DeviceTest {
  /** Unit roundoff of BF16. */
  private static final double V = 0x1p-8;

  private static final int BATCH = 5;
  private static final int MAX_BATCH = 7;

  private static final String CONVOLUTIONS =
      """
      input 3x12x10
      conv2d 9 3 padding 1 tanh
      meanpool 2
      conv2d 12 3x2 padding 1x0 leaky-relu 0.1
      meanpool 2
      flatten
      dense 17 sigmoid
      dense 10
      """;

  private static final String MAX_POOLING =
      "input 2x8x10\nconv2d 9 3 padding 1 tanh\nmaxpool 2\nflatten\ndense 10";

  private static final String DENSE = "input 1x9x7\nflatten\ndense 20 tanh\ndense 10\nsoftmax";

  /** Whether there is such an engine here; otherwise asserts that it says so. */
  private boolean has() {
    if (device.info().capability() == 90) {
      return true;
    }
    NetworkSpec spec = NetworkText.parse(DENSE);
    try (Network network = network(spec, Engine.azulejoBf16())) {
      for (Runnable plan :
          List.<Runnable>of(
              () -> new TrainingPlan(network, stream, 2),
              () -> network.plan(2),
              () -> network.summary(2))) {
        String text = assertThrows(UnsupportedProblemException.class, plan::run).getMessage();
        assertTrue(text.contains("compute capability 9.0"), text);
      }
    }
    return false;
  }

  /**
   * The outputs and every gradient. Each number between the layers, and each weight, is rounded to
   * BF16 once, so that after a few layers they are off by a few units of its roundoff of what they
   * are large: ten are allowed, of the Euclidean length of each parameter's gradient. A wrong term
   * or a wrong order of weights is off by the length itself.
   */
  @ParameterizedTest
  @ValueSource(strings = {CONVOLUTIONS, DENSE})
  void outputsAndGradientsAreThoseOfFloat32(String text) {
    if (!has()) {
      return;
    }
    NetworkSpec spec = NetworkText.parse(text);
    float[][] expected = run(spec, Engine.azulejo());
    float[][] actual = run(spec, Engine.azulejoBf16());
    near("output", expected[0], actual[0], 10 * V);
    near("inferred output", expected[1], actual[1], 10 * V);
    for (ParameterLayout.Entry entry : ParameterLayout.of(spec).entries()) {
      near(entry.name(), part(expected[2], entry), part(actual[2], entry), 10 * V);
    }
  }

  /**
   * Max pooling: rounding makes ties, and moves gradients to neighbours of what was the maximum by
   * 2^-8. That is more than a rounding of the gradient to the weights before it; a quarter of its
   * length is allowed, where gradients to random taps are off by the length.
   */
  @Test
  void maxPoolingIsThatOfFloat32() {
    if (!has()) {
      return;
    }
    NetworkSpec spec = NetworkText.parse(MAX_POOLING);
    float[][] expected = run(spec, Engine.azulejo());
    float[][] actual = run(spec, Engine.azulejoBf16());
    near("output", expected[0], actual[0], 10 * V);
    for (ParameterLayout.Entry entry : ParameterLayout.of(spec).entries()) {
      near(entry.name(), part(expected[2], entry), part(actual[2], entry), 0.25);
    }
  }

  /** Output, output of inference, gradients; a smaller batch than the plan's. */
  private float[][] run(NetworkSpec spec, Engine engine) {
    var samples = new Samples(70);
    try (Network network = network(spec, engine);
        TrainingPlan plan = new TrainingPlan(network, stream, MAX_BATCH);
        InferencePlan inference = network.plan(MAX_BATCH)) {
      float[] x = samples.uniform((long) BATCH * spec.input().size());
      long outputs = (long) BATCH * spec.output().size();
      plan.setBatch(BATCH);
      plan.input().slice(0, x.length).upload(stream, x);
      plan.forward();
      float[] y = plan.output().slice(0, outputs).toArray(stream);
      plan.outputGradient().slice(0, outputs).upload(stream, samples.uniform(outputs));
      plan.backward();
      assertTrue(plan.firstNonFinite().isEmpty());
      inference.input().slice(0, x.length).upload(stream, x);
      float[] inferred = inference.run(BATCH).slice(0, outputs).toArray(stream);
      return new float[][] {y, inferred, plan.gradients().toArray(stream)};
    }
  }

  private Network network(NetworkSpec spec, Engine engine) {
    Network network = Network.create(device, spec, 3);
    network.setEngine(engine);
    return network;
  }

  private static float[] part(float[] flat, ParameterLayout.Entry entry) {
    int from = (int) entry.offset();
    return Arrays.copyOfRange(flat, from, from + (int) entry.count());
  }

  private static void near(String what, float[] expected, float[] actual, double allowed) {
    double difference = 0;
    double length = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow(actual[i] - expected[i], 2);
      length += Math.pow(expected[i], 2);
    }
    double off = Math.sqrt(difference / length);
    assertTrue(off <= allowed, what + " is off by " + off + " of its length, allowed " + allowed);
    assertTrue(off > 0, what + " is exact, so it was not computed on BF16");
  }

  /** The sizes by hand: BF16 rounded up to 8 channels, in floats rounded up to 16. */
  @Test
  void memoryByHand() {
    if (!has()) {
      return;
    }
    NetworkSpec spec =
        NetworkText.parse("input 1x8x8\nconv2d 2 3 padding 1 relu\nmaxpool 2\nflatten\ndense 3");
    MemoryPlan plan = MemoryPlan.training(spec, stream, 2, Engine.azulejoBf16());
    assertEquals(4 * (32 + 16 + 96 + 16), plan.weights());
    // Input 128 floats; packed 2*64*8, convolution with pooling 2*16*8, dense 2*8, each two bytes;
    // unpacked 6 -> 16 floats.
    assertEquals(4 * (128 + 16) + 2 * (1024 + 256 + 32), plan.activations());
    // Two that hold the convolution's, 2*64*8.
    assertEquals(2 * 2 * 1024, plan.activationGradients());
    // A byte for each maximum, 2*16*8.
    assertEquals(256, plan.saved());
    // 2 filters of 9 taps of 8 channels; 3 of 16 taps of 8.
    assertEquals(2 * (144 + 16 + 384), plan.packed());
  }

  /** The plan is what is allocated. */
  @ParameterizedTest
  @ValueSource(strings = {CONVOLUTIONS, DENSE})
  void memoryIsAsPlanned(String text) {
    if (!has()) {
      return;
    }
    NetworkSpec spec = NetworkText.parse(text);
    stream.workspace().trim();
    MemoryPlan expected = MemoryPlan.training(spec, stream, 3, Engine.azulejoBf16());
    try (Network network = network(spec, Engine.azulejoBf16());
        TrainingPlan plan = new TrainingPlan(network, stream, 3)) {
      MemoryReport live = device.memory();
      assertEquals(expected.total(), live.liveBytes(), () -> plan + ": " + live);
    }
    stream.workspace().trim();
    MemoryPlan inference = MemoryPlan.inference(spec, stream, 3, Engine.azulejoBf16());
    try (Network network = network(spec, Engine.azulejoBf16());
        InferencePlan plan = network.plan(3)) {
      MemoryReport live = device.memory();
      assertEquals(inference.total(), live.liveBytes(), () -> plan + ": " + live);
    }
    String summary = network(spec).toString();
    assertTrue(summary.contains("weights in BF16"), summary);
  }

  private Summary network(NetworkSpec spec) {
    return Summary.of(spec, stream, 3, Engine.azulejoBf16());
  }

  /** The observer is told of layers only. */
  @Test
  void theObserverIsToldOfLayers() {
    if (!has()) {
      return;
    }
    List<String> told = new ArrayList<>();
    try (Network network = network(NetworkText.parse(DENSE), Engine.azulejoBf16());
        TrainingPlan plan = new TrainingPlan(network, stream, 2)) {
      plan.observe((first, last, backward) -> told.add(first + "-" + last + (backward ? "b" : "")));
      plan.forward();
      plan.backward();
    }
    assertEquals(List.of("1-1", "2-2", "3-3", "3-3b", "2-2b", "1-1b"), told);
  }

  /** A number that is not finite is found where it is. */
  @Test
  void numbersThatAreNotFiniteAreFound() {
    if (!has()) {
      return;
    }
    try (Network network = network(NetworkText.parse(CONVOLUTIONS), Engine.azulejoBf16());
        TrainingPlan plan = new TrainingPlan(network, stream, 2)) {
      float[] x = new Samples(71).uniform(plan.input().count());
      plan.input().upload(stream, x);
      network.layerWeights().get(2).weight().slice(0, 1).upload(stream, new float[] {3e38f});
      network.layerWeights().get(2).weight().slice(1, 1).upload(stream, new float[] {3e38f});
      network.layerWeights().get(2).bias().slice(0, 1).upload(stream, new float[] {3.3e38f});
      plan.forward();
      String found = plan.firstNonFinite().orElseThrow();
      assertTrue(found.startsWith("the output of conv2d2"), found);
    }
  }

  @Test
  void whatHasNoFormOnBf16IsRefusedByName() {
    if (!has()) {
      return;
    }
    refused("relu1", "no form on BF16", "conv2d 4 3", "maxpool 2", "relu", "conv2d 4 3");
    refused("conv2d1", "2 groups", "conv2d 4 3 groups 2");
    refused("conv2d1", "no form for BF16", "conv2d 4 3 algorithm direct");
    refused("conv2d1", "stride", "conv2d 4 1 stride 9");
    refused("maxpool1", "more than 256 taps", "conv2d 4 3 padding 4", "maxpool 17x16");
    refused("conv2d1", "through a flatten", "maxpool 2", "flatten", "conv2d 4 1");
  }

  private void refused(String layer, String why, String... lines) {
    NetworkSpec spec =
        NetworkText.parse("input 2x12x12\n" + String.join("\n", lines) + "\nflatten\ndense 10");
    try (Network network = network(spec, Engine.azulejoBf16())) {
      String text =
          assertThrows(
                  UnsupportedProblemException.class, () -> new TrainingPlan(network, stream, 2))
              .getMessage();
      assertTrue(text.contains("layer " + layer + " "), text);
      assertTrue(text.contains(why), text);
      assertTrue(text.contains("engine azulejo runs it on float32"), text);
    }
  }
}

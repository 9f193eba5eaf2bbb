package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.ops.Agreement;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole networks: every parameter's gradient, as a {@link TrainingPlan} and a {@link Scorer} give
 * it, against central differences of a float64 network (rows N7 to N9, T4, T7 to T12, T14, T16,
 * T17).
 */
class NetworkGradientTest extends DeviceTest {
  private static final int MAX_BATCH = 5;

  /**
   * Of the largest gradient of a parameter tensor. A float32 gradient passes a few layers of sums
   * of at most some hundred terms; a wrong or missing term is orders of magnitude larger.
   */
  private static final double TOLERANCE = 2e-5;

  private static final Map<String, String> NETWORKS = new LinkedHashMap<>();

  static {
    network(
        "N7 T9 T14 convolution, stride and padding", "2x7x6", "conv2d 4 3 stride 2 padding 1 tanh");
    network(
        "N7 unequal kernel, stride and padding",
        "1x6x9",
        "conv2d 3 2x4 stride 1x2 padding 0x3 sigmoid");
    network(
        "N9 two convolutions, gradient to input",
        "2x6x7",
        "conv2d 3 3 padding 1 tanh",
        "conv2d 4 3x2 stride 2 tanh");
    network("T10 full padding", "1x4x4", "conv2d 2 3 padding 2 sigmoid", "conv2d 2 3 sigmoid");
    network(
        "dilation and groups",
        "4x8x7",
        "conv2d 6 3x2 dilation 2 groups 2 padding 1x0 sigmoid",
        "conv2d 4 2 groups 2 tanh");
    network(
        "depthwise and pointwise",
        "3x5x5",
        "conv2d 3 3 padding 1 groups 3 tanh",
        "conv2d 4 1 tanh");
    network("T11 max pooling", "1x8x8", "conv2d 3 3 padding 1 tanh", "maxpool 2");
    network(
        "T11 max pooling with overlap", "2x8x7", "conv2d 3 2 tanh", "maxpool 3 stride 2 padding 1");
    network("N8 mean pooling", "1x8x8", "conv2d 3 3 padding 1 tanh", "meanpool 2");
    network(
        "N8 mean pooling with overlap",
        "2x8x7",
        "conv2d 3 2 tanh",
        "meanpool 3x2 stride 2x1 padding 1");
    network(
        "pooling before the first parameters",
        "2x7x7",
        "maxpool 2 stride 1",
        "tanh",
        "conv2d 2 3 tanh");
    network("fused ReLU", "1x6x6", "conv2d 3 3 relu", "conv2d 3 2 relu");
    network("fused leaky ReLU", "1x6x6", "conv2d 3 3 leaky-relu 0.1", "conv2d 3 2 leaky-relu 0.25");
    network("standalone ReLU", "1x6x6", "conv2d 3 3", "maxpool 2", "relu");
    network("standalone leaky ReLU", "1x6x6", "conv2d 3 3", "meanpool 2", "leaky-relu 0.2");
    network("standalone sigmoid", "1x6x6", "conv2d 3 3", "meanpool 2", "sigmoid");
    network(
        "standalone tanh, and one after flatten",
        "1x6x6",
        "conv2d 3 3",
        "meanpool 2",
        "tanh",
        "flatten",
        "sigmoid");
    network("T8 one hidden layer, sigmoid", "7x1x1", "dense 6 sigmoid");
    network("T8 two hidden layers, sigmoid", "7x1x1", "dense 6 sigmoid", "dense 5 sigmoid");
    network("T8 two hidden layers, ReLU", "7x1x1", "dense 9 relu", "dense 8 relu");
    network(
        "T8 three hidden layers, mixed",
        "7x1x1",
        "dense 6 tanh",
        "dense 9 leaky-relu 0.1",
        "dense 5 sigmoid");
    network(
        "N1 one-dimensional",
        "2x1x12",
        "conv1d 4 3 padding 1 relu",
        "maxpool 1x2",
        "conv1d 3 3 dilation 2 tanh");
    network(
        "T15 T16 one X_unroll for each sample",
        "2x6x6",
        "conv2d 4 3 padding 1 algorithm im2col-gemm samples-per-unroll 1 tanh",
        "conv2d 3 3 algorithm im2col-gemm samples-per-unroll 1");
    network(
        "T15 T16 X_unroll of two samples",
        "2x6x6",
        "conv2d 4 3 padding 1 algorithm im2col-gemm samples-per-unroll 2 tanh",
        "conv2d 3 3 algorithm im2col-gemm samples-per-unroll 2");
    network(
        "T14 direct",
        "2x6x6",
        "conv2d 4 3 padding 1 algorithm direct tanh",
        "conv2d 3 3 algorithm direct");
  }

  /** A network that ends with four outputs. */
  private static void network(String name, String input, String... layers) {
    boolean flat =
        layers[layers.length - 1].startsWith("dense") || Arrays.asList(layers).contains("flatten");
    NETWORKS.put(
        name,
        "input "
            + input
            + "\n"
            + String.join("\n", layers)
            + (flat ? "" : "\nflatten")
            + "\ndense 4");
  }

  static List<Arguments> networks() {
    List<Arguments> cases = new ArrayList<>();
    Loss[] losses = Loss.values();
    NETWORKS.forEach(
        (name, text) -> {
          for (Loss loss : losses) {
            cases.add(arguments(name, text, loss));
          }
        });
    for (Loss loss : losses) {
      cases.add(
          arguments("T2 ends with softmax", "input 5x1x1\ndense 6 tanh\ndense 4\nsoftmax", loss));
      cases.add(arguments("softmax inside", "input 5x1x1\ndense 6\nsoftmax\ndense 4", loss));
      cases.add(arguments("ends with flatten", "input 2x4x4\nconv2d 4 4 stride 4\nflatten", loss));
      cases.add(arguments("ends with a convolution", "input 2x4x4\nconv2d 4 4 tanh", loss));
      cases.add(
          arguments(
              "ends with an activation", "input 3x4x4\nconv2d 4 3 relu\nmeanpool 2\ntanh", loss));
      cases.add(
          arguments(
              "T12 two views in a row",
              "input 2x3x2\nflatten\nflatten\ndense 5 tanh\nflatten\ndense 4",
              loss));
    }
    return cases;
  }

  @ParameterizedTest(name = "{0}, {2}")
  @MethodSource("networks")
  void gradientsAgreeWithCentralDifferences(String name, String text, Loss loss) {
    NetworkSpec spec = NetworkText.parse(text);
    ReferenceNetwork reference = new ReferenceNetwork(spec);
    Samples samples = new Samples(name.hashCode());
    try (Network network = Network.create(device, spec, 1);
        TrainingPlan plan = new TrainingPlan(network, stream, MAX_BATCH);
        Scorer scorer = new Scorer(stream, loss, 4, MAX_BATCH)) {
      float[] parameters = parameters(network, samples);
      network.weights().upload(stream, parameters);
      for (int batch : new int[] {MAX_BATCH, 3, 1, 4}) {
        poison(plan);
        float[] x = samples.uniform((long) batch * spec.input().size());
        int[] labels = samples.labels(batch, 4);
        plan.setBatch(batch);
        plan.input().slice(0, x.length).upload(stream, x);
        load(scorer, labels);
        plan.forward();
        scorer.score(plan.output(), batch, 1f / batch, plan.outputGradient());
        plan.backward();
        scorer.collect();

        double[] exact = Doubles.of(parameters);
        double[] outputs = reference.forward(exact, Doubles.of(x), batch);
        float[] actual = plan.output().slice(0, outputs.length).toArray(stream);
        double[] allowed = new double[outputs.length];
        Arrays.fill(allowed, 1e-5);
        Agreement.check("output", outputs, allowed, actual);
        double mean = reference.loss(loss, outputs, labels);
        Agreement.check("mean loss", mean, 1e-5 * (1 + mean), scorer.lossSum() / batch);
        check(
            network,
            reference.gradients(loss, exact, Doubles.of(x), labels),
            plan.gradients().toArray(stream));
      }
    }
  }

  /** Random weights of He's size; biases too, so that a bias that is forgotten shows. */
  private static float[] parameters(Network network, Samples samples) {
    float[] values = new float[(int) network.layout().count()];
    for (ParameterLayout.Entry entry : network.layout().entries()) {
      long fanIn = entry.shape().fanIn();
      float limit = fanIn == 0 ? 0.5f : (float) Math.sqrt(6.0 / fanIn);
      float[] part = samples.uniform(entry.count(), limit);
      System.arraycopy(part, 0, values, (int) entry.offset(), part.length);
    }
    return values;
  }

  /** Runs a whole mini-batch of NaN, so that what the next one does not write itself is NaN. */
  private void poison(TrainingPlan plan) {
    plan.setBatch(MAX_BATCH);
    fill(plan.input());
    plan.forward();
    fill(plan.output());
    fill(plan.outputGradient());
    plan.backward();
  }

  private void fill(dev.azulejo.device.Tensor tensor) {
    float[] values = new float[(int) tensor.count()];
    Arrays.fill(values, Float.NaN);
    tensor.upload(stream, values);
  }

  private static void load(Scorer scorer, int[] labels) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_INT, labels);
      scorer.load(segment, labels.length);
    }
  }

  private static void check(Network network, double[] expected, float[] actual) {
    boolean[] inside = new boolean[actual.length];
    for (ParameterLayout.Entry entry : network.layout().entries()) {
      double largest = 0;
      int begin = (int) entry.offset();
      int end = begin + (int) entry.count();
      for (int i = begin; i < end; i++) {
        largest = Math.max(largest, Math.abs(expected[i]));
        inside[i] = true;
      }
      for (int i = begin; i < end; i++) {
        Agreement.check(
            entry.name() + "[" + (i - begin) + "]",
            expected[i],
            TOLERANCE * largest + 1e-7,
            actual[i]);
      }
    }
    for (int i = 0; i < actual.length; i++) {
      if (!inside[i]) {
        assertEquals(0f, actual[i], "the gap at " + i + " between parameters");
      }
    }
  }
}

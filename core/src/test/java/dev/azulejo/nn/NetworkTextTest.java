package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.data.Shape;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.PoolMode;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkTextTest {

  @Test
  void everyOptionIsReadAndWritten() {
    NetworkSpec spec =
        NetworkText.parse(
            """
            # a comment line, and an empty one

              input 2x30x40 mean 0.1,0.25 std 0.5,2   # indented
            conv2d 8 3x5 stride 2x1 padding 1x2 dilation 2x3 groups 2 algorithm im2col-gemm samples-per-unroll 4 relu # all
            leaky-relu 0.25
            maxpool 2x3 stride 1x2 padding 1
            conv2d 4 1 algorithm direct leaky-relu 0.01
            meanpool 2
            relu
            sigmoid
            tanh
            conv1d 4 3 padding 7
            flatten
            dense 7 sigmoid
            dense 6 tanh
            dense 5 leaky-relu 0.5
            dense 4
            softmax
            """);
    assertEquals(new Shape(2, 30, 40), spec.input());
    assertEquals(List.of(0.1f, 0.25f), spec.mean());
    assertEquals(List.of(0.5f, 2f), spec.std());
    assertEquals(
        List.of(
            new Conv2d(
                8,
                new Pair(3, 5),
                new Pair(2, 1),
                new Pair(1, 2),
                new Pair(2, 3),
                2,
                Activation.RELU,
                0,
                ConvAlgorithm.IM2COL_GEMM,
                4),
            new ActivationLayer(Activation.LEAKY_RELU, 0.25f),
            new Pool2d(PoolMode.MAX, new Pair(2, 3), new Pair(1, 2), Pair.of(1)),
            Conv2d.of(4, Pair.of(1))
                .withAlgorithm(ConvAlgorithm.DIRECT)
                .withActivation(Activation.LEAKY_RELU, 0.01f),
            Pool2d.of(PoolMode.MEAN, Pair.of(2)),
            new ActivationLayer(Activation.RELU, 0),
            new ActivationLayer(Activation.SIGMOID, 0),
            new ActivationLayer(Activation.TANH, 0),
            Conv2d.of(4, new Pair(1, 3)).withPadding(new Pair(0, 7)),
            new Flatten(),
            Dense.of(7).withActivation(Activation.SIGMOID, 0),
            Dense.of(6).withActivation(Activation.TANH, 0),
            Dense.of(5).withActivation(Activation.LEAKY_RELU, 0.5f),
            Dense.of(4),
            new Softmax()),
        spec.layers());
    assertEquals(spec, NetworkText.parse(NetworkText.format(spec)));
    assertEquals(
        List.of(
            "conv2d1",
            "leaky-relu1",
            "maxpool1",
            "conv2d2",
            "meanpool1",
            "relu1",
            "sigmoid1",
            "tanh1",
            "conv2d3",
            "flatten1",
            "dense1",
            "dense2",
            "dense3",
            "dense4",
            "softmax1"),
        spec.layerNames());
  }

  /** Line ends of every system, and no end at the last line. */
  @Test
  void lineEnds() {
    NetworkSpec expected = NetworkText.parse("input 1x4x4\nflatten\ndense 2\n");
    assertEquals(expected, NetworkText.parse("input 1x4x4\r\nflatten\r\ndense 2"));
    assertEquals(expected, NetworkText.parse("\n\n\tinput  1x4x4 \rflatten\r\r dense\t2 \n\n"));
  }

  /** parse(format(spec)) equals spec, for descriptions drawn at random. */
  @Test
  void roundTripOfRandomNetworks() {
    RandomGenerator random = RandomGeneratorFactory.of("SplittableRandom").create(11);
    for (int i = 0; i < 500; i++) {
      int channels = 2 * (1 + random.nextInt(3));
      Shape input = new Shape(channels, 20 + random.nextInt(9), 20 + random.nextInt(9));
      int numbers = random.nextBoolean() ? 1 : channels;
      List<Float> mean = new ArrayList<>();
      List<Float> std = new ArrayList<>();
      for (int c = 0; c < numbers; c++) {
        mean.add(random.nextFloat() - 0.5f);
        std.add(random.nextFloat() * 1e-3f + Float.MIN_VALUE);
      }
      boolean normal = random.nextBoolean();
      List<Layer> layers = new ArrayList<>();
      for (int l = random.nextInt(4); l >= 0; l--) {
        layers.add(windowed(random));
      }
      layers.add(new Flatten());
      layers.add(new Dense(1 + random.nextInt(20), activation(random), random.nextFloat()));
      NetworkSpec spec =
          new NetworkSpec(input, normal ? List.of(0f) : mean, normal ? List.of(1f) : std, layers);
      assertEquals(spec, NetworkText.parse(NetworkText.format(spec)));
    }
  }

  private static Layer windowed(RandomGenerator random) {
    return switch (random.nextInt(4)) {
      case 0 ->
          new Pool2d(
              random.nextBoolean() ? PoolMode.MAX : PoolMode.MEAN,
              pair(random, 2, 3),
              pair(random, 1, 1),
              pair(random, 0, 1));
      case 1 -> {
        Activation activation = activation(random);
        yield activation == Activation.IDENTITY
            ? new Softmax()
            : new ActivationLayer(activation, random.nextFloat());
      }
      default ->
          new Conv2d(
              2 * (1 + random.nextInt(4)),
              pair(random, 1, 3),
              pair(random, 1, 1),
              pair(random, 0, 2),
              pair(random, 1, 2),
              1 + random.nextInt(2),
              activation(random),
              random.nextFloat(),
              ConvAlgorithm.values()[random.nextInt(ConvAlgorithm.values().length)],
              random.nextInt(3));
    };
  }

  private static Activation activation(RandomGenerator random) {
    return Activation.values()[random.nextInt(Activation.values().length)];
  }

  private static Pair pair(RandomGenerator random, int least, int most) {
    return new Pair(random.nextInt(least, most + 1), random.nextInt(least, most + 1));
  }

  /** Each error names the line, quotes it, and says what would be right; | ends a line here. */
  @ParameterizedTest(name = "[{index}] {1}")
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "``; description is empty; it begins with a line such as \"input 1x28x28\"",
        "# nothing | # but comments; description is empty",
        "conv2d 8 3; line 1 \"conv2d 8 3\": expected \"input\" first, as in \"input 1x28x28\","
            + " found \"conv2d\"",
        "input; line 1 \"input\": the input's shape is missing",
        "input 28x28; the input's shape must be channels x rows x columns, such as 1x28x28, was"
            + " \"28x28\"",
        "input 1x28xA; line 1 \"input 1x28xA\": the input's shape must be such as 1x28x28, was"
            + " \"1x28xA\"",
        "input 0x28x28; line 1 \"input 0x28x28\": shape 0x28x28",
        "input 1x-28x28; shape 1x-28x28: channels, height and width must all be at least 1",
        "input 3x40000x40000; shape 3x40000x40000: a sample can have at most 2147483647 values",
        "input 1x28x28 std; line 1 \"input 1x28x28 std\": std is missing",
        "input 1x28x28 mean x std 1; mean must be a number, or one for each channel such as"
            + " 0.49,0.48,0.45, was \"x\"",
        "input 1x28x28 men 0; unknown word \"men\"; known here: mean, std",
        "input 1x4x4 mean 0 std 0 | flatten; normalisation by mean [0.0] and std [0.0]: give one"
            + " number each",
        "input 3x4x4 mean 0,1 std 1,1 | flatten; or one for each of the 3 channels",
        "input 1x4x4 mean NaN std 1 | flatten; all finite, std positive",
        "input 1x28x28 | convolution 8 3; line 2 \"convolution 8 3\": unknown word \"convolution\";"
            + " known here: conv2d, conv1d",
        "input 1x28x28 | # empty | # two | conv2d; line 4 \"conv2d\": filters is missing",
        "input 1x28x28 | conv2d 8; line 2 \"conv2d 8\": kernel is missing",
        "input 1x28x28 | conv2d eight 3; filters must be a whole number, was \"eight\"",
        "input 1x28x28 | conv2d 99999999999 3; filters must be a whole number, was \"99999999999\"",
        "input 1x28x28 | conv2d 8 3x3x3; kernel has more than two numbers, want 3 or 1x5",
        "input 1x28x28 | conv2d 8 3y; kernel must be such as 3 or 1x5, was \"3y\"",
        "input 1x28x28 | conv2d 0 3; line 2 \"conv2d 0 3\": filters must be at least 1, was 0",
        "input 1x28x28 | conv2d -4 3; filters must be at least 1, was -4",
        "input 1x28x28 | conv2d 8 0; kernel must be at least 1, was 0",
        "input 1x28x28 | conv2d 8 3x-1; kernel must be at least 1, was 3x-1",
        "input 1x28x28 | conv2d 8 3 stride; line 2 \"conv2d 8 3 stride\": stride is missing",
        "input 1x28x28 | conv2d 8 3 stride 0; stride must be at least 1, was 0",
        "input 1x28x28 | conv2d 8 3 padding -1; padding must be at least 0, was -1",
        "input 1x28x28 | conv2d 8 3 dilation 0; dilation must be at least 1, was 0",
        "input 1x28x28 | conv2d 8 3 groups 0; groups must be at least 1, was 0",
        "input 1x28x28 | conv2d 8 3 samples-per-unroll -1; samples per unroll must be at least 0,"
            + " was -1",
        "input 1x28x28 | conv2d 8 3 algorithm fft; unknown algorithm \"fft\"; known: auto, direct,"
            + " im2col-gemm",
        "input 1x28x28 | conv2d 8 3 pad 1; unknown word \"pad\"; known here: stride, padding,"
            + " dilation",
        "input 1x28x28 | conv2d 8 3 leaky-relu; slope is missing",
        "input 1x28x28 | conv2d 8 3 leaky-relu 1.5; slope of a leaky ReLU must be at least 0 and"
            + " below 1, was 1.5",
        "input 1x28x28 | leaky-relu NaN; slope of a leaky ReLU must be at least 0 and below 1, was"
            + " NaN",
        "input 1x28x28 | leaky-relu steep; slope must be a number, was \"steep\"",
        "input 1x28x28 | conv2d 8 30; layer 1 (conv2d1) does not fit its input 1x28x28: kernel"
            + " height of 30 is larger than the padded input of 28 (28 and 0 on each side); use a"
            + " smaller one or more padding",
        "input 1x28x9 | conv2d 8 2x5 padding 0x1 dilation 1x3; kernel width of 13 is larger than"
            + " the padded input of 11",
        "input 3x28x28 | conv2d 8 3 groups 2; 2 groups must divide the 3 input channels and the 8"
            + " filters",
        "input 2x28x28 | conv2d 7 3 groups 2; 2 groups must divide the 2 input channels and the 7"
            + " filters",
        "input 1x28x28 | conv2d 2147483647 1; layer 1 (conv2d1) does not fit its input 1x28x28:"
            + " shape 2147483647x28x28",
        "input 1x28x28 | conv2d 1 1 padding 2147483647; kernel height of 1 slides over a padded"
            + " input of 4294967322 to 4294967322 places; there can be at most 2147483647",
        "input 4x1x1 | conv2d 4 2147483647 padding 1073741823; does not fit 64 bits",
        "input 1x28x28 | maxpool; line 2 \"maxpool\": window is missing",
        "input 1x28x28 | maxpool 0; window must be at least 1, was 0",
        "input 1x28x28 | maxpool 2 padding 2; padding 2 must be less than the window 2, so that"
            + " every window touches the input",
        "input 1x28x28 | meanpool 2 relu; unknown word \"relu\"; known here: stride, padding",
        "input 1x4x4 | maxpool 2 | maxpool 3; layer 2 (maxpool2) does not fit its input 1x2x2:"
            + " window height of 3 is larger",
        "input 1x28x28 | dense 10; layer 1 (dense1) does not fit its input 1x28x28: a dense layer"
            + " takes one row of numbers a sample; put flatten before it",
        "input 1x28x28 | flatten | dense; line 3 \"dense\": outputs is missing",
        "input 1x28x28 | flatten | dense 0; outputs must be at least 1, was 0",
        "input 1x28x28 | flatten | dense 4 gelu; unknown word \"gelu\"; known here: relu,"
            + " leaky-relu, sigmoid, tanh",
        "input 1x28x28 | flatten | dense 4 relu tanh; \"tanh\" is too much here",
        "input 1x28x28 | flatten 3; \"3\" is too much here",
        "input 1x28x28 | softmax now; \"now\" is too much here",
        "input 1x28x28; a network needs at least one layer",
      })
  void errorsSayWhereAndWhat(String text, String message) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> NetworkText.parse(text.replace(" | ", "\n")));
    InferencePlanTest.assertMessage(message, e);
  }
}

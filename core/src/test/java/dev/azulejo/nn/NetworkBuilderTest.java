package dev.azulejo.nn;

import static dev.azulejo.nn.InferencePlanTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.data.Shape;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.ops.ConvAlgorithm;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class NetworkBuilderTest extends DeviceTest {

  /** What the builder writes is what the text of the same network says. */
  @Test
  void writesEveryLayerDown() {
    NetworkSpec spec =
        Network.on(device)
            .input(4, 16, 16)
            .normalize(0.5f, 0.25f)
            .conv2d(8, 3)
            .padding(1)
            .stride(2, 1)
            .dilation(2)
            .groups(2)
            .algorithm(ConvAlgorithm.DIRECT)
            .samplesPerUnroll(3)
            .leakyRelu(0.1f)
            .maxPool(2)
            .stride(1)
            .padding(1, 0)
            .relu()
            .conv2d(4, 1, 3)
            .tanh()
            .sigmoid()
            .meanPool(2, 3)
            .conv1d(4, 2)
            .maxPool(1, 2)
            .meanPool(1)
            .flatten()
            .dense(5)
            .relu()
            .dense(3)
            .softmax()
            .spec();
    assertEquals(
        NetworkText.parse(
            """
            input 4x16x16 mean 0.5 std 0.25
            conv2d 8 3 padding 1 stride 2x1 dilation 2 groups 2 algorithm direct samples-per-unroll 3 leaky-relu 0.1
            maxpool 2 stride 1 padding 1x0
            relu
            conv2d 4 1x3 tanh
            sigmoid
            meanpool 2x3
            conv2d 4 1x2
            maxpool 1x2
            meanpool 1
            flatten
            dense 5 relu
            dense 3
            softmax
            """),
        spec);
  }

  @Test
  void misuseIsExplained() {
    fails(
        "input(channels, height, width) comes before the first layer",
        () -> Network.on(device).conv2d(3, 3));
    fails(
        "input() was already called, with 1x2x3",
        () -> Network.on(device).input(1, 2, 3).input(1, 2, 3));
    fails("padding() follows a convolution or pooling, not the input", () -> builder().padding(1));
    fails("padding() follows a convolution or pooling, not dense", () -> dense().padding(1));
    fails(
        "stride() follows a convolution or pooling, not flatten",
        () -> builder().flatten().stride(2));
    fails("dilation() follows a convolution, not maxpool", () -> builder().maxPool(2).dilation(2));
    fails("groups() follows a convolution, not meanpool", () -> builder().meanPool(2).groups(2));
    fails(
        "algorithm() follows a convolution, not dense",
        () -> dense().algorithm(ConvAlgorithm.AUTO));
    fails(
        "samplesPerUnroll() follows a convolution, not softmax",
        () -> builder().softmax().samplesPerUnroll(2));
    fails("a network needs input(channels, height, width)", () -> Network.on(device).build(1));
  }

  @Test
  void wrongNumbersAreExplained() {
    wrong("a network needs at least one layer", () -> builder().build(1));
    wrong("filters must be at least 1, was 0", () -> builder().conv2d(0, 3));
    wrong("kernel must be at least 1, was 3x0", () -> builder().conv2d(1, 3, 0));
    wrong("outputs must be at least 1, was -1", () -> builder().dense(-1));
    wrong("window must be at least 1, was 0", () -> builder().maxPool(0));
    wrong("slope of a leaky ReLU", () -> builder().leakyRelu(-0.1f));
    wrong("shape 1x0x8", () -> Network.on(device).input(1, 0, 8));
    wrong("put flatten before it", () -> builder().dense(2).build(1));
    wrong(
        "kernel height of 9 is larger than the padded input of 8",
        () -> builder().conv2d(1, 9).spec());
    wrong("batch must be at least 1, was 0", () -> dense().summary(0));
    wrong(
        "or one for each of the 1 channels",
        () -> builder().normalize(List.of(1f, 2f), List.of(1f, 2f)).flatten().spec());
    wrong("all finite, std positive", () -> builder().normalize(0, -1).flatten().spec());
  }

  @Test
  void nullIsNamed() {
    assertMessage("device", assertThrows(NullPointerException.class, () -> Network.on(null)));
    assertMessage(
        "shape", assertThrows(NullPointerException.class, () -> Network.on(device).input(null)));
    assertMessage("layer", assertThrows(NullPointerException.class, () -> builder().add(null)));
    assertMessage(
        "algorithm",
        assertThrows(NullPointerException.class, () -> builder().conv2d(1, 1).algorithm(null)));
  }

  /** Names are unique and the same in summaries, files and error messages. */
  @Test
  void parametersAreNamedByLayer() {
    try (Network network = builder().conv2d(2, 3).conv2d(3, 3).flatten().dense(4).build(1)) {
      assertEquals(
          List.of(
              "conv2d1.weight",
              "conv2d1.bias",
              "conv2d2.weight",
              "conv2d2.bias",
              "dense1.weight",
              "dense1.bias"),
          network.layout().entries().stream().map(ParameterLayout.Entry::name).toList());
      assertEquals(new Shape(4, 1, 1), network.spec().output());
      assertEquals(20 + 57 + 196, network.spec().parameterCount());
    }
  }

  private NetworkBuilder builder() {
    return Network.on(device).input(1, 8, 8);
  }

  private NetworkBuilder dense() {
    return builder().flatten().dense(3);
  }

  private static void fails(String message, Executable misuse) {
    assertMessage(message, assertThrows(IllegalStateException.class, misuse));
  }

  private static void wrong(String message, Executable misuse) {
    assertMessage(message, assertThrows(IllegalArgumentException.class, misuse));
  }
}

package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Shape;
import dev.azulejo.device.DeviceTest;
import java.util.List;
import org.junit.jupiter.api.Test;

class SummaryTest extends DeviceTest {
  private static final Shape MNIST = new Shape(1, 28, 28);

  /** The counts that LeCun's network and the usual MNIST example are known for. */
  @Test
  void parameterCounts() {
    assertEquals(61_706, Zoo.spec("lenet5", MNIST, 10).parameterCount());
    assertEquals(421_642, Zoo.spec("mnist-cnn", MNIST, 10).parameterCount());
    Summary summary = Summary.of(Zoo.spec("mnist-cnn", MNIST, 10), stream, 64);
    assertEquals(421_642, summary.parameters());
    assertEquals(
        List.of(320L, 0L, 18_496L, 0L, 0L, 401_536L, 1_290L),
        summary.rows().stream().map(Summary.Row::parameters).toList());
    assertEquals(
        summary.parameters(), summary.rows().stream().mapToLong(Summary.Row::parameters).sum());
  }

  /** X_unroll has C K K times Hout Wout elements for C H W of the input: row T15, T§4.1.1. */
  @Test
  void expansionRatioT15() {
    List<Summary.Row> rows = Summary.of(Zoo.spec("lenet5", MNIST, 10), stream, 64).rows();
    assertEquals(25.0, rows.get(0).expansionRatio(), "5 x 5, padded to keep the size");
    assertEquals(25.0 * 10 * 10 / (14 * 14), rows.get(2).expansionRatio(), 1e-12);
    assertEquals(0, rows.get(1).expansionRatio(), "pooling unrolls nothing");
    assertEquals(0, rows.get(5).expansionRatio(), "dense unrolls nothing");
  }

  @Test
  void tableOfLenet5() {
    Summary summary = Summary.of(Zoo.spec("lenet5", MNIST, 10), stream, 64);
    String algorithm1 = summary.rows().get(0).algorithm();
    String algorithm2 = summary.rows().get(2).algorithm();
    List<String> lines = summary.toString().lines().toList();
    assertEquals(
        List.of(
            "name         layer                           output   parameters  X_unroll  algorithm",
            "conv2d1      conv2d 6 5 padding 2 relu      6x28x28          156    25.00x  "
                + algorithm1,
            "maxpool1     maxpool 2                      6x14x14",
            "conv2d2      conv2d 16 5 relu              16x10x10        2,416    12.76x  "
                + algorithm2,
            "maxpool2     maxpool 2                       16x5x5",
            "flatten1     flatten                        400x1x1",
            "dense1       dense 120 relu                 120x1x1       48,120",
            "dense2       dense 84 relu                   84x1x1       10,164",
            "dense3       dense 10                        10x1x1          850",
            "61,706 parameters"),
        lines.subList(0, 10).stream().map(String::stripTrailing).toList());
    assertEquals(11, lines.size());
    String memory = lines.get(10);
    assertTrue(memory.startsWith("memory, batch 64: training "), memory);
    for (String part :
        List.of(
            "(weights 241.3 KiB, gradients 241.3 KiB, activations 643.5 KiB, their gradients 2.3"
                + " MiB, argmax 394.0 KiB, X_unroll and sums ",
            "; inference ")) {
      assertTrue(memory.contains(part), memory);
    }
  }

  /** A summary is asked for before anything is allocated, and allocates nothing. */
  @Test
  void allocatesNothing() {
    Network.on(device).input(1, 28, 28).conv2d(32, 3).flatten().dense(10).summary(1 << 20);
    assertEquals(0, device.memory().peakBytes());
  }

  @Test
  void zooFitsOtherInputsAndSaysWhereItDoesNot() {
    for (String name : Zoo.names()) {
      assertEquals(new Shape(100, 1, 1), Zoo.spec(name, new Shape(3, 32, 32), 100).output(), name);
    }
    InferencePlanTest.assertMessage(
        "unknown network \"alexnet\"; known: lenet5, mnist-cnn, vgg-small",
        org.junit.jupiter.api.Assertions.assertThrows(
            IllegalArgumentException.class, () -> Zoo.spec("alexnet", MNIST, 10)));
    InferencePlanTest.assertMessage(
        "layer 3 (conv2d2) does not fit its input 6x4x4: kernel height of 5 is larger",
        org.junit.jupiter.api.Assertions.assertThrows(
            IllegalArgumentException.class, () -> Zoo.spec("lenet5", new Shape(1, 8, 8), 10)));
  }
}

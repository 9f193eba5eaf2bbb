package dev.azulejo.train;

import dev.azulejo.data.Glyphs;
import dev.azulejo.data.InMemoryDataset;
import dev.azulejo.data.Shape;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.NetworkText;

/** Networks and data small enough that hundreds of steps take no time. */
final class SmallRuns {
  static final Shape SHAPE = new Shape(1, 12, 12);

  /** 1,434 parameters, one of each common layer. */
  static final NetworkSpec SPEC =
      NetworkText.parse(
          """
          input 1x12x12 mean 0.2 std 0.35
          conv2d 4 3 padding 1 relu
          maxpool 3
          flatten
          dense 16 relu
          dense 10
          """);

  private SmallRuns() {}

  /** So many glyphs, always the same. */
  static InMemoryDataset glyphs(int count) {
    return Glyphs.generate(count, SHAPE, 7);
  }

  static float[] weights(Network network) {
    return network.weights().toArray(network.device().stream());
  }

  static void assertMessage(String part, Throwable failure) {
    if (failure.getMessage() == null || !failure.getMessage().contains(part)) {
      throw new AssertionError("\"" + part + "\" is not in the message", failure);
    }
  }
}

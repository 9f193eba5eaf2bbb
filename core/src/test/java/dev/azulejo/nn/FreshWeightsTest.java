package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Shape;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.engine.Engine;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whoever has copies of the weights, in BF16 or in a graph, follows them when they change. */
class FreshWeightsTest extends DeviceTest {
  private static final NetworkSpec SPEC =
      NetworkText.parse("input 1x12x12\nconv2d 3 3 padding 1 relu\nmaxpool 2\nflatten\ndense 10");
  private static final Dataset DATA = Glyphs.generate(7, new Shape(1, 12, 12), 5);
  private static final int BATCH = 3; // 3, 3 and 1

  private List<Engine> engines() {
    return device.info().capability() == 90
        ? List.of(Engine.azulejo(), Engine.azulejoBf16())
        : List.of(Engine.azulejo());
  }

  private Network network(Engine engine, long seed) {
    Network network = Network.create(device, SPEC, seed);
    network.setEngine(engine);
    return network;
  }

  private Evaluation evaluation(Engine engine, long seed) {
    try (Network network = network(engine, seed)) {
      return network.evaluate(DATA, BATCH);
    }
  }

  @Test
  void evaluationsUseTheWeightsOfTheirTime() {
    for (Engine engine : engines()) {
      Evaluation one = evaluation(engine, 1);
      Evaluation two = evaluation(engine, 2);
      assertNotEquals(one.loss(), two.loss());
      for (boolean recorded : new boolean[] {false, true}) {
        try (Network network = network(engine, 1);
            Network other = network(engine, 2);
            Evaluator evaluator =
                new Evaluator(network, stream, Loss.SOFTMAX_CROSS_ENTROPY, BATCH)) {
          evaluator.prepare(DATA, recorded);
          assertSame(one, evaluator.evaluate(DATA));
          network.weights().copyFrom(stream, other.weights(), network.layout().count());
          assertSame(two, evaluator.evaluate(DATA));
          assertSame(two, evaluator.evaluate(DATA));
        }
      }
    }
  }

  private static void assertSame(Evaluation expected, Evaluation actual) {
    assertEquals(expected.loss(), actual.loss());
    assertEquals(expected.accuracy(), actual.accuracy());
    assertArrayEquals(expected.confusion().counts(), actual.confusion().counts());
  }

  @Test
  void runsUseTheWeightsOfTheirTime() {
    float[] image = new float[144];
    DATA.read(0, image, 0);
    for (Engine engine : engines()) {
      try (Network network = network(engine, 1);
          Network other = network(engine, 2);
          InferencePlan plan = network.plan(2);
          InferencePlan expected = other.plan(2)) {
        plan.input().slice(0, 144).upload(stream, image);
        expected.input().slice(0, 144).upload(stream, image);
        float[] first = plan.run(1).slice(0, 10).toArray(stream);
        network.weights().copyFrom(stream, other.weights(), network.layout().count());
        float[] second = plan.run(1).slice(0, 10).toArray(stream);
        assertEquals(false, Arrays.equals(first, second), "other weights");
        assertArrayEquals(expected.run(1).slice(0, 10).toArray(stream), second);
      }
    }
  }
}

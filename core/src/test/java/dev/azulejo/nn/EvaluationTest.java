package dev.azulejo.nn;

import static dev.azulejo.nn.InferencePlanTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Glyphs;
import dev.azulejo.data.InMemoryDataset;
import dev.azulejo.data.Shape;
import dev.azulejo.data.Subset;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.SoftmaxReference;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Row T1: accuracy on a data set. */
class EvaluationTest extends DeviceTest {
  private static final Shape SMALL = new Shape(1, 12, 12);
  private static final NetworkSpec SPEC =
      NetworkText.parse(
          "input 1x12x12 mean 0.2 std 0.3\nconv2d 3 3 relu\nmaxpool 2\nflatten\ndense 10");

  /** Three classes, by hand. */
  @Test
  void confusionMatrixByHand() {
    ConfusionMatrix matrix =
        new ConfusionMatrix(
            List.of("cat", "dog", "fox"), new long[][] {{5, 1, 0}, {2, 6, 0}, {1, 3, 0}});
    assertEquals(2, matrix.count(1, 0), "dogs taken for cats");
    assertEquals(5.0 / 8, matrix.precision(0));
    assertEquals(6.0 / 10, matrix.precision(1));
    assertEquals(Double.NaN, matrix.precision(2), "nothing was taken for a fox");
    assertEquals(5.0 / 6, matrix.recall(0));
    assertEquals(6.0 / 8, matrix.recall(1));
    assertEquals(0.0, matrix.recall(2));
    assertEquals(2 * 5.0 / (6 + 8), matrix.f1(0), 1e-15, "2 TP / (2 TP + FP + FN)");
    assertEquals(2 * 6.0 / (8 + 10), matrix.f1(1), 1e-15);
    assertEquals(Double.NaN, matrix.f1(2));
    ConfusionMatrix wrong = new ConfusionMatrix(List.of("a", "b"), new long[][] {{0, 2}, {3, 0}});
    assertEquals(0.0, wrong.f1(0), "precision and recall are 0");
    ConfusionMatrix absent = new ConfusionMatrix(List.of("a", "b"), new long[][] {{2, 1}, {0, 0}});
    assertEquals(Double.NaN, absent.recall(1), "there is none of that class");
  }

  /** Sample by sample with predict, against evaluate in batches, also where the last is shorter. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 50, 64})
  void evaluationEqualsCountingByHand(int batch) {
    var data = Glyphs.generate(50, SMALL, 3);
    try (Network network = Network.create(device, SPEC, 2)) {
      long[][] counts = new long[10][10];
      double loss = 0;
      int hits = 0;
      float[] sample = new float[SMALL.size()];
      for (int i = 0; i < data.size(); i++) {
        data.read(i, sample, 0);
        float[] probabilities = network.predict(sample);
        int best = 0;
        for (int c = 1; c < 10; c++) {
          best = probabilities[c] > probabilities[best] ? c : best;
        }
        loss -= Math.log(probabilities[data.label(i)]) / data.size();
        hits += best == data.label(i) ? 1 : 0;
        counts[data.label(i)][best]++;
      }
      Evaluation evaluation = network.evaluate(data, batch);
      assertEquals(50, evaluation.samples());
      assertEquals(hits / 50.0, evaluation.accuracy());
      assertEquals(loss, evaluation.loss(), 1e-5);
      for (int c = 0; c < 10; c++) {
        assertArrayEquals(counts[c], evaluation.confusion().counts()[c]);
      }
      assertEquals(Glyphs.CLASS_NAMES, evaluation.confusion().classNames());
    }
  }

  @Test
  void textOfAnEvaluation() {
    assertEquals(
        "accuracy 91.24 %, loss 0.2512 (10000 samples)",
        new Evaluation(10_000, 0.25124, 0.91235, null).toString());
  }

  /** Row T2: probabilities; normalised inputs and softmax are the network's own doing. */
  @Test
  void predictionsAreTheSoftmaxOfTheOutputs() {
    float[] sample = new Samples(4).uniform(SMALL.size());
    float[] normalised = sample.clone();
    for (int i = 0; i < sample.length; i++) {
      normalised[i] = (sample[i] - 0.2f) / 0.3f;
    }
    try (Network network = Network.create(device, SPEC, 2)) {
      float[] before = sample.clone();
      float[] probabilities = network.predict(sample);
      assertArrayEquals(before, sample, "the caller's array");
      double[] outputs =
          new ReferenceNetwork(SPEC)
              .forward(Doubles.of(network.weights().toArray(stream)), Doubles.of(normalised), 1);
      double[] expected = SoftmaxReference.forward(1, 10, outputs);
      double sum = 0;
      for (int c = 0; c < 10; c++) {
        assertEquals(expected[c], probabilities[c], 1e-5);
        sum += probabilities[c];
      }
      assertEquals(1, sum, 1e-6);
    }
  }

  /** A network that ends with softmax gives probabilities itself: no second softmax. */
  @Test
  void predictionsOfANetworkWithSoftmax() {
    NetworkSpec spec = NetworkText.parse("input 4x1x1\ndense 3\nsoftmax");
    float[] sample = {0.1f, 0.9f, 0.3f, 0.4f};
    try (Network network = Network.create(device, spec, 2);
        InferencePlan plan = network.plan(1)) {
      plan.input().upload(stream, sample);
      assertArrayEquals(plan.run(1).toArray(stream), network.predict(sample));
    }
  }

  /** Very large outputs overflow exp, but not a softmax that subtracts the largest first. */
  @Test
  void predictionsOfLargeOutputs() {
    NetworkSpec spec = NetworkText.parse("input 2x1x1\ndense 3");
    try (Network network = Network.create(device, spec, 2)) {
      float[] values = new float[(int) network.layout().count()];
      values[0] = 1000;
      values[3] = 999;
      network.weights().upload(stream, values);
      float[] probabilities = network.predict(new float[] {1, 1});
      assertArrayEquals(
          new float[] {(float) (1 / (1 + Math.exp(-1))), (float) (1 / (1 + Math.E)), 0},
          probabilities,
          1e-6f);
    }
  }

  @Test
  void dataThatDoesNotFitIsExplained() {
    try (Network network = Network.create(device, SPEC, 2)) {
      assertMessage(
          "the data set has samples of 1x14x14, the network takes 1x12x12",
          assertThrows(
              IllegalArgumentException.class,
              () -> network.evaluate(Glyphs.generate(4, new Shape(1, 14, 14), 1))));
      assertMessage(
          "the data set has 2 classes, the network has 10 outputs; end it with dense(2)",
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  network.evaluate(
                      InMemoryDataset.ofBytes(
                          SMALL, new byte[SMALL.size()], new int[1], List.of("a", "b")))));
      var data = Glyphs.generate(4, SMALL, 1);
      assertMessage(
          "the data set is empty",
          assertThrows(
              IllegalArgumentException.class, () -> network.evaluate(Subset.range(data, 2, 2))));
      assertMessage(
          "batch must be at least 1, was 0",
          assertThrows(IllegalArgumentException.class, () -> network.evaluate(data, 0)));
      assertMessage(
          "a sample of 3 values for a network that takes 1x12x12 = 144",
          assertThrows(IllegalArgumentException.class, () -> network.predict(new float[3])));
    }
  }

  /** NaN in the outputs is no class: the accuracy says so instead of guessing right. */
  @Test
  void nanIsNeverRight() {
    var data = Glyphs.generate(20, SMALL, 1);
    try (Network network = Network.create(device, SPEC, 2)) {
      float[] values = new float[(int) network.layout().count()];
      java.util.Arrays.fill(values, Float.NaN);
      network.weights().upload(stream, values);
      Evaluation evaluation = network.evaluate(data);
      assertTrue(Double.isNaN(evaluation.loss()), evaluation.toString());
    }
  }

  /** The loss is that of the same network without the softmax at its end. */
  @Test
  void aSoftmaxAtTheEndIsNotAppliedTwice() {
    Dataset data = Glyphs.generate(30, new Shape(1, 12, 12), 3);
    try (Network logits = Network.on(device).input(1, 12, 12).flatten().dense(10).build(1);
        Network softmax =
            Network.on(device).input(1, 12, 12).flatten().dense(10).softmax().build(1)) {
      Evaluation expected = logits.evaluate(data);
      Evaluation actual = softmax.evaluate(data);
      assertEquals(expected.loss(), actual.loss());
      assertEquals(expected.accuracy(), actual.accuracy());
    }
  }
}

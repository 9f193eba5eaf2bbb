package dev.azulejo.train;

import static dev.azulejo.train.SmallRuns.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.InMemoryDataset;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Network;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A loss that is no number ends the run, says where, and leaves the weights before it. */
class DivergenceTest extends DeviceTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void absurdLearningRate(int workers) {
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      float[][] last = new float[1][];
      TrainingException e =
          assertThrows(
              TrainingException.class,
              () ->
                  Trainer.of(network)
                      .reportEvery(1)
                      .optimizer(Sgd.rate(1e20f))
                      .batchSize(8)
                      .workers(workers)
                      .listener(remember(network, last))
                      .fit(SmallRuns.glyphs(40), 5));
      assertTrue(
          e.getMessage()
              .matches(
                  "the loss is (NaN|Infinity|-Infinity) in epoch 1, mini-batch 2 of 5 \\(step 2\\):"
                      + " .*"),
          e.getMessage());
      assertMessage("The weights are those before this mini-batch.", e);
      assertMessage("A learning rate below 1.0E20 is the usual cure", e);
      if (workers == 1) {
        assertTrue(
            e.getMessage()
                .matches(
                    ".*(the output of (conv2d1|dense1|dense2) is not finite|the outputs are finite,"
                        + " but too large for the loss).*"),
            e.getMessage());
      }
      float[] weights = SmallRuns.weights(network);
      assertArrayEquals(last[0], weights);
      for (float weight : weights) {
        assertTrue(Float.isFinite(weight));
      }
    }
  }

  /** Sample 5 of the file has one pixel of NaN: the first epoch's batch with it is named. */
  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void inputThatIsNoNumber(float value) {
    var glyphs = SmallRuns.glyphs(20);
    float[] values = new float[20 * 144];
    int[] labels = new int[20];
    for (int i = 0; i < 20; i++) {
      glyphs.read(i, values, i * 144);
      labels[i] = glyphs.label(i);
    }
    values[5 * 144 + 77] = value;
    var data = InMemoryDataset.ofFloats(SmallRuns.SHAPE, values, labels, glyphs.classNames());
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      float[][] last = {SmallRuns.weights(network)};
      int[] done = {0};
      TrainingException e =
          assertThrows(
              TrainingException.class,
              () ->
                  Trainer.of(network)
                      .reportEvery(1)
                      .batchSize(4)
                      .listener(remember(network, last))
                      .listener(
                          new TrainingListener() {
                            @Override
                            public void batch(BatchReport report) {
                              done[0] = report.batch();
                            }
                          })
                      .fit(data, 2));
      assertMessage("in epoch 1, mini-batch " + (done[0] + 1) + " of 5", e);
      assertMessage("the input has a value that is not finite", e);
      assertArrayEquals(last[0], SmallRuns.weights(network));
    }
  }

  @Test
  void weightsThatAreNoNumbers() {
    try (Network network = Network.create(device, SmallRuns.SPEC, 1)) {
      float[] weights = SmallRuns.weights(network);
      var entry = network.layout().entries().get(2);
      assertEquals("dense1.weight", entry.name());
      for (int i = 0; i < entry.count(); i++) {
        weights[(int) entry.offset() + i] = Float.NaN;
      }
      network.weights().upload(stream, weights);
      TrainingException e =
          assertThrows(
              TrainingException.class,
              () -> Trainer.of(network).reportEvery(1).fit(SmallRuns.glyphs(8), 1));
      assertMessage("the parameters of dense1 are no longer finite", e);
      assertMessage("in epoch 1, mini-batch 1 of 1 (step 1)", e);
    }
  }

  private static TrainingListener remember(Network network, float[][] last) {
    return new TrainingListener() {
      @Override
      public void batch(BatchReport report) {
        last[0] = SmallRuns.weights(network);
      }
    };
  }
}

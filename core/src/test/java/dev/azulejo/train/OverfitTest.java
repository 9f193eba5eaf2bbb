package dev.azulejo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.NetworkText;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A network that learns at all learns 64 images by heart. */
class OverfitTest extends DeviceTest {

  static List<Arguments> ways() {
    Sgd momentum = Sgd.rate(0.05f).momentum(0.9f);
    return List.of(
        arguments(momentum, Loss.SOFTMAX_CROSS_ENTROPY, 1),
        arguments(momentum.nesterov().weightDecay(1e-4f), Loss.SOFTMAX_CROSS_ENTROPY, 1),
        arguments(Sgd.rate(0.1f), Loss.SOFTMAX_CROSS_ENTROPY, 1),
        arguments(Adam.rate(0.01f), Loss.SOFTMAX_CROSS_ENTROPY, 1),
        arguments(Adam.rate(0.01f).weightDecay(0.01f).decoupled(), Loss.SIGMOID_CROSS_ENTROPY, 1),
        arguments(Adam.rate(0.01f), Loss.MEAN_SQUARED_ERROR, 1),
        arguments(momentum, Loss.SOFTMAX_CROSS_ENTROPY, 3));
  }

  /** ReLU, but where a squared error would switch all of them off at such rates. */
  private static NetworkSpec spec(Loss loss) {
    return loss == Loss.MEAN_SQUARED_ERROR
        ? NetworkText.parse(NetworkText.format(SmallRuns.SPEC).replace("relu", "tanh"))
        : SmallRuns.SPEC;
  }

  @ParameterizedTest(name = "{0}, {1}, {2} workers")
  @MethodSource("ways")
  void learns64ImagesByHeart(Optimizer optimizer, Loss loss, int workers) {
    var data = SmallRuns.glyphs(64);
    try (Network network = Network.create(device, spec(loss), 42)) {
      TrainingHistory history =
          Trainer.of(network)
              .optimizer(optimizer)
              .loss(loss)
              .batchSize(16)
              .workers(workers)
              .fit(data, 150);
      assertEquals(
          1.0, network.evaluate(data).accuracy(), () -> history.epochs().getLast().toString());
      assertEquals(150, history.epochs().size());
      double first = history.epochs().getFirst().trainLoss();
      double last = history.epochs().getLast().trainLoss();
      assertTrue(last < first / 5, first + " to " + last);
      assertEquals(1.0, history.epochs().getLast().trainAccuracy());
    }
  }
}

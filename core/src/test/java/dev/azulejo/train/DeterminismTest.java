package dev.azulejo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.azulejo.data.Shift;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.nn.Network;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same seed and thread count give the same bits. */
class DeterminismTest {

  static List<DeviceKind> kinds() {
    return dev.azulejo.device.Devices.available();
  }

  @Tag("device")
  @ParameterizedTest
  @MethodSource("kinds")
  void sameSeedSameBits(DeviceKind kind) {
    int threads = kind == DeviceKind.CPU ? 2 : 0;
    float[] first = run(kind, threads, 5, 9);
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(first, run(kind, threads, 5, 9));
    }
    assertFalse(Arrays.equals(first, run(kind, threads, 6, 9)), "another seed of the weights");
    assertFalse(Arrays.equals(first, run(kind, threads, 5, 10)), "another order of the samples");
  }

  @Test
  void otherThreadCountsAgreeUpToRounding() {
    float[] one = run(DeviceKind.CPU, 1, 5, 9);
    assertArrayEquals(one, run(DeviceKind.CPU, 1, 5, 9), "one thread twice");
    for (int threads : new int[] {2, 3}) {
      assertArrayEquals(one, run(DeviceKind.CPU, threads, 5, 9), 1e-5f, threads + " threads");
    }
  }

  /** Row T5: another order in each epoch, each sample once. */
  @Test
  void everyEpochSeesEverySampleOnceInAnOrderOfItsOwnT5() {
    var data = new RecordingDataset(SmallRuns.glyphs(23));
    try (Device device = Device.cpu(1);
        Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      Trainer.of(network).batchSize(4).fit(data, 3);
    }
    List<Integer> read = data.indices();
    assertEquals(3 * 23, read.size());
    for (int epoch = 0; epoch < 3; epoch++) {
      List<Integer> order = read.subList(23 * epoch, 23 * (epoch + 1));
      assertEquals(23, order.stream().distinct().count(), "samples of epoch " + epoch);
      for (int other = 0; other < epoch; other++) {
        assertFalse(order.equals(read.subList(23 * other, 23 * (other + 1))), "shuffled");
      }
    }
  }

  /** The weights after 12 steps with augmentation. */
  private static float[] run(DeviceKind kind, int threads, long weights, long order) {
    try (Device device = kind == DeviceKind.CPU ? Device.cpu(threads) : Device.open(kind);
        Network network = Network.create(device, SmallRuns.SPEC, weights)) {
      Trainer.of(network)
          .optimizer(Sgd.rate(0.02f).momentum(0.9f))
          .batchSize(16)
          .seed(order)
          .augment(new Shift(1))
          .fit(SmallRuns.glyphs(60), 3);
      return SmallRuns.weights(network);
    }
  }
}

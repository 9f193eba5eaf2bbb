package dev.azulejo.compare.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.training.Entry.Part;
import dev.azulejo.data.Shape;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Precision;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.Zoo;
import dev.azulejo.train.Sgd;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our training and PyTorch's are the same training, and a wrong one is found out. */
class TrainingComparisonTest {
  private static final Effort ONCE = new Effort(0, 0, 0, 1, 0);

  private static TrainingComparison comparison(Device device, NetworkSpec spec) {
    Sgd sgd = Sgd.rate(0.01f).momentum(0.9f);
    return new TrainingComparison(device, spec, sgd, 6, 8, Precision.FP32, ONCE);
  }

  private static NetworkSpec spec(String network) {
    return Zoo.spec(network, new Shape(network.equals("vgg-small") ? 3 : 1, 16, 16), 10);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lenet5", "mnist-cnn", "vgg-small"})
  void oursAndPyTorchAgree(String network) {
    try (Device device = Device.cpu(1)) {
      List<Entry> entries =
          comparison(device, spec(network))
              .run(
                  Map.of(TrainingComparison.OURS, Engine.azulejo()),
                  Set.of(TrainingComparison.PYTORCH));
      assertEquals(2, entries.size());
      for (Entry entry : entries) {
        assertEquals("", entry.disagreement(), entry::toString);
        assertTrue(entry.outputError() < 1e-5 && entry.weightError() < 1e-2, entry::toString);
        assertEquals(List.of(Part.values()), List.copyOf(entry.times().keySet()));
        assertEquals(8, entry.losses().length);
      }
      assertArrayEquals(entries.get(0).losses(), entries.get(1).losses(), 2e-3);
      assertEquals(0, device.memory().liveBytes());
    }
  }

  /** Two threads sum in another order than one, and otherwise train alike. */
  @Test
  void oneThreadAgreesWithTwo() {
    try (Device device = Device.cpu(2)) {
      List<Entry> entries =
          comparison(device, spec("lenet5"))
              .run(
                  Map.of(TrainingComparison.OURS, Engine.azulejo()),
                  Set.of(TrainingComparison.ONE_THREAD));
      assertEquals(
          List.of(TrainingComparison.OURS, TrainingComparison.ONE_THREAD),
          entries.stream().map(Entry::name).toList());
      for (Entry entry : entries) {
        assertEquals("", entry.disagreement(), entry::toString);
        assertEquals(List.of(Part.values()), List.copyOf(entry.times().keySet()));
      }
      assertArrayEquals(entries.get(0).losses(), entries.get(1).losses(), 1e-3);
    }
  }

  /** Activations in BF16, within what BF16 may change of a step. */
  @Tag("emulated")
  @Test
  void oursOnBf16Agrees() {
    try (Device device = Device.open(DeviceKind.EMULATED)) {
      Sgd sgd = Sgd.rate(0.01f).momentum(0.9f);
      var comparison =
          new TrainingComparison(device, spec("lenet5"), sgd, 4, 5, Precision.BF16, ONCE);
      Engine engine = Engine.azulejoBf16();
      List<Entry> entries = comparison.run(Map.of(engine.name(), engine), Set.of());
      assertEquals(1, entries.size());
      Entry ours = entries.getFirst();
      assertEquals("azulejo:bf16", ours.name());
      assertEquals("", ours.disagreement(), ours::toString);
      assertTrue(ours.outputError() > 0 && ours.weightError() > 0, ours::toString);
      assertEquals(List.of(Part.values()), List.copyOf(ours.times().keySet()));
      assertEquals(0, device.memory().liveBytes());
    }
  }

  /** An engine that computes another network than was asked for, as a wrong binding would. */
  private record Wrong() implements Engine {
    @Override
    public String name() {
      return "wrong";
    }

    @Override
    public EngineSession open(Stream stream, boolean training) {
      return new WrongSession(Engine.azulejo().open(stream, training));
    }
  }

  @Test
  void aWrongEngineIsNotTimed() {
    try (Device device = Device.cpu(1)) {
      Map<String, Engine> engines = new LinkedHashMap<>();
      engines.put(TrainingComparison.OURS, Engine.azulejo());
      engines.put("wrong", new Wrong());
      List<Entry> entries = comparison(device, spec("lenet5")).run(engines, Set.of());
      assertEquals("", entries.get(0).disagreement());
      Entry wrong = entries.get(1);
      assertTrue(wrong.disagreement().startsWith("DISAGREES: first outputs"), wrong::toString);
      assertTrue(wrong.times().isEmpty());
      assertEquals(0, wrong.losses().length);
    }
  }
}

package dev.azulejo.compare.conv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.measure.Outcome;
import dev.azulejo.compare.measure.Result;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.reference.Shapes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Our convolutions on operands in BF16 agree with the reference of the rounded operands. */
class Bf16ConvComparisonTest {
  private static final Effort ONCE = new Effort(0, 0, 0, 1, 0);

  @Tag("emulated")
  @Test
  void oursAgrees() {
    try (Device device = Device.open(DeviceKind.EMULATED)) {
      ConvComparison comparison = comparison(device);
      for (Shapes.Line line : Shapes.read("conv-small.csv").subList(0, 4)) {
        for (ConvPass pass : ConvPass.values()) {
          List<Result> results = comparison.run(ConvPointsTest.problem(line), pass).results();
          assertEquals(1, results.size());
          Result ours = results.getFirst();
          assertEquals("azulejo hopper-bf16", ours.name());
          assertInstanceOf(Outcome.Timed.class, ours.outcome(), () -> line + ": " + ours);
        }
      }
      assertEquals(0, device.memory().liveBytes(), device.memory()::toString);
    }
  }

  @Test
  void theCpuHasNobody() {
    try (Device device = Device.cpu(1)) {
      ConvComparison comparison = comparison(device);
      ConvCase problem = ConvPointsTest.problem(Shapes.read("conv-small.csv").getFirst());
      assertThrows(IllegalArgumentException.class, () -> comparison.run(problem, ConvPass.FORWARD));
      assertEquals(0, device.memory().liveBytes(), device.memory()::toString);
    }
  }

  private static ConvComparison comparison(Device device) {
    return new ConvComparison(device, Precision.BF16, Storage.BF16, Map.of(), false, ONCE);
  }
}

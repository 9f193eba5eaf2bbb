package dev.azulejo.compare.conv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.measure.Outcome;
import dev.azulejo.compare.measure.Result;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Engines;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.reference.Shapes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The contestants agree with the reference on small shapes, and give their memory back. */
class ConvComparisonTest {
  private static final Effort ONCE = new Effort(0, 0, 0, 1, 0);

  private static Device device;

  @BeforeAll
  static void open() {
    device = Device.cpu(2);
  }

  @AfterAll
  static void close() {
    device.close();
  }

  static List<Shapes.Line> problems() {
    return Shapes.read("conv-small.csv").subList(0, 12);
  }

  @ParameterizedTest
  @MethodSource("problems")
  void contestantsAgree(Shapes.Line line) {
    var comparison =
        new ConvComparison(
            device,
            Precision.FP32,
            Storage.F32,
            Map.of("onednn", Engines.named("onednn", device.kind())),
            true,
            ONCE);
    for (ConvPass pass : ConvPass.values()) {
      for (Result result : comparison.run(ConvPointsTest.problem(line), pass).results()) {
        if (result.outcome() instanceof Outcome.Refused refused) {
          assertEquals(BlockedContestant.NAME, result.name(), refused.why());
          assertTrue(refused.why().contains("likes the plain layout best"), refused.why());
        } else {
          assertInstanceOf(Outcome.Timed.class, result.outcome(), result::toString);
        }
      }
    }
    assertEquals(0, device.memory().liveBytes(), device.memory()::toString);
  }
}

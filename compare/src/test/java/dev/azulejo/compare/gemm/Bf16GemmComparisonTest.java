package dev.azulejo.compare.gemm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.measure.Outcome;
import dev.azulejo.compare.measure.Result;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our product of matrices in BF16 agrees with the reference of the rounded operands. */
class Bf16GemmComparisonTest {
  private static final Effort ONCE = new Effort(0, 0, 0, 1, 0);

  @Tag("emulated")
  @ParameterizedTest
  @CsvSource({
    "16,16,16,false,false",
    "17,19,23,false,true",
    "64,40,72,true,false",
    "30,128,65,true,true",
  })
  void oursAgrees(int m, int n, int k, boolean transposeA, boolean transposeB) {
    GemmCase problem = new GemmCase("small", m, n, k, transposeA, transposeB);
    try (Device device = Device.open(DeviceKind.EMULATED)) {
      var comparison = new GemmComparison(device, Precision.BF16, Storage.BF16, Map.of(), ONCE);
      List<Result> results = comparison.run(problem).results();
      assertEquals(1, results.size());
      assertEquals("hopper-bf16", results.getFirst().algorithm());
      assertInstanceOf(
          Outcome.Timed.class, results.getFirst().outcome(), results.getFirst()::toString);
      assertEquals(0, device.memory().liveBytes(), device.memory()::toString);
    }
  }

  /** A result that is off by more than BF16's rounding is found. */
  @Test
  void aWrongElementIsFound() {
    GemmCase problem = new GemmCase("small", 3, 5, 7, false, false);
    try (Device device = Device.cpu(1);
        GemmData data = new GemmData(device, problem, Storage.BF16)) {
      data.poison();
      assertTrue(!data.check(Precision.BF16, false).agrees(), "NaN");
      data.c(0).upload(device.stream(), new short[3 * 8]);
      assertTrue(!data.check(Precision.BF16, false).agrees(), "zeros");
    }
  }
}

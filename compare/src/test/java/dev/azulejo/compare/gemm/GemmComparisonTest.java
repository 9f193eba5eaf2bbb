package dev.azulejo.compare.gemm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.measure.Outcome;
import dev.azulejo.compare.measure.Result;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.GemmReference;
import dev.azulejo.reference.Samples;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contestants agree with the reference on small products, also transposed ones. */
class GemmComparisonTest {
  private static final Effort ONCE = new Effort(0, 0, 0, 1, 0);

  @ParameterizedTest
  @CsvSource({
    "1,1,1,false,false",
    "17,19,23,false,false",
    "17,19,23,true,false",
    "17,19,23,false,true",
    "17,19,23,true,true",
    "64,33,300,false,true",
    "3,128,65,true,false",
  })
  void contestantsAgree(int m, int n, int k, boolean transposeA, boolean transposeB) {
    GemmCase problem = new GemmCase("small", m, n, k, transposeA, transposeB);
    try (Device device = Device.cpu(2)) {
      GemmOthers others = new GemmOthers(device, Precision.FP32, Storage.F32);
      GemmOthers.names(device.kind(), Precision.FP32, Storage.F32).forEach(others::add);
      List<Result> results = others.comparison(ONCE).run(problem).results();
      for (Result result : results) {
        assertInstanceOf(Outcome.Timed.class, result.outcome(), result::toString);
      }
      assertEquals(0, device.memory().liveBytes());
      assertEquals(problem.flops(), 2.0 * m * n * k);
      checkReference(device, problem);
    }
  }

  /** Its reference is the one of every other test: the same product passes it. */
  private static void checkReference(Device device, GemmCase problem) {
    Samples samples = new Samples(2026);
    double[] a = Doubles.of(samples.uniform((long) problem.m() * problem.k()));
    double[] b = Doubles.of(samples.uniform((long) problem.k() * problem.n()));
    double[] c =
        GemmReference.gemm(
            problem.m(),
            problem.n(),
            problem.k(),
            problem.transposeA(),
            problem.lda(),
            a,
            problem.transposeB(),
            problem.ldb(),
            b,
            1,
            0,
            problem.n(),
            new double[problem.m() * problem.n()]);
    try (GemmData data = new GemmData(device, problem, Storage.F32)) {
      float[] rounded = new float[c.length];
      for (int i = 0; i < c.length; i++) {
        rounded[i] = (float) c[i];
      }
      data.c(0).upload(device.stream(), rounded);
      assertTrue(data.check(Precision.FP32, false).agrees());
      rounded[c.length - 1] += 0.01f;
      data.c(0).upload(device.stream(), rounded);
      assertTrue(!data.check(Precision.FP32, false).agrees(), "a wrong element is found");
    }
  }

  @Test
  void theListsAreRead() throws Exception {
    assertTrue(GemmCase.read("gemm-cpu").stream().allMatch(problem -> problem.flops() < 3e9));
    assertEquals(new GemmCase("block_32", 32, 32, 32, false, false), first("gemm-standard"));
  }

  private static GemmCase first(String list) throws Exception {
    return GemmCase.read(list).getFirst();
  }
}

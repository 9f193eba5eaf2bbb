package dev.azulejo.compare.gemm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.NativeLibraryException;
import dev.azulejo.bindings.cublas.cublas_h;
import dev.azulejo.compare.engine.cublas.CublasProduct;
import dev.azulejo.compare.engine.cublas.FakeCublas;
import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.measure.Outcome;
import dev.azulejo.compare.measure.Result;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** cuBLAS among the products, against its functions in plain Java. */
class CuBlasTest {
  private static final Effort ONCE = new Effort(0, 0, 0, 1, 0);
  private static final MemorySegment STREAM = MemorySegment.ofAddress(0x1234);

  private final FakeCublas cublas = new FakeCublas();

  /** The column-major product that is asked for is the row-major one; beta 0 reads no NaN. */
  @ParameterizedTest
  @CsvSource({
    "1,1,1,false,false",
    "17,19,23,false,false",
    "17,19,23,true,false",
    "17,19,23,false,true",
    "17,19,23,true,true",
    "3,128,65,true,false",
  })
  void agreesWithTheReference(int m, int n, int k, boolean transposeA, boolean transposeB) {
    GemmCase problem = new GemmCase("small", m, n, k, transposeA, transposeB);
    try (Device device = Device.cpu(1)) {
      Result result = run(device, problem, CuBlas.NAME, Precision.FP32);
      assertInstanceOf(Outcome.Timed.class, result.outcome(), result::toString);
      assertEquals("cublasGemmEx CUBLAS_COMPUTE_32F", result.algorithm());
      assertEquals(32 << 20, result.workspaceBytes());
      assertEquals("destroy " + 0x77, cublas.calls.getLast());
      assertEquals(0, device.memory().liveBytes(), device.memory()::toString);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "cublas,FP32,CUBLAS_COMPUTE_32F",
    "cublas-pedantic,FP32,CUBLAS_COMPUTE_32F_PEDANTIC",
    "cublas,TF32,CUBLAS_COMPUTE_32F_FAST_TF32",
    "cublas,BF16,CUBLAS_COMPUTE_32F_FAST_16BF",
  })
  void itsArithmeticIsThatOfThePrecision(String name, Precision precision, String compute) {
    int asked =
        switch (compute) {
          case "CUBLAS_COMPUTE_32F" -> cublas_h.CUBLAS_COMPUTE_32F();
          case "CUBLAS_COMPUTE_32F_PEDANTIC" -> cublas_h.CUBLAS_COMPUTE_32F_PEDANTIC();
          case "CUBLAS_COMPUTE_32F_FAST_TF32" -> cublas_h.CUBLAS_COMPUTE_32F_FAST_TF32();
          default -> cublas_h.CUBLAS_COMPUTE_32F_FAST_16BF();
        };
    assertTrue(GemmOthers.names(DeviceKind.CUDA, precision, Storage.F32).contains(name));
    try (Device device = Device.cpu(1)) {
      GemmCase problem = new GemmCase("small", 4, 5, 6, false, false);
      Result result = run(device, problem, name, precision);
      assertEquals(name, result.name());
      assertEquals("cublasGemmEx " + compute, result.algorithm());
    }
    assertEquals(Set.of(asked), Set.copyOf(cublas.computeTypes));
  }

  /** The same products of operands in BF16, whose rows are rounded up to multiples of 8. */
  @ParameterizedTest
  @CsvSource({
    "1,1,1,false,false",
    "17,19,23,false,false",
    "17,19,23,true,false",
    "17,19,23,false,true",
    "16,24,64,true,true",
  })
  void operandsInBf16(int m, int n, int k, boolean transposeA, boolean transposeB) {
    GemmCase problem = new GemmCase("small", m, n, k, transposeA, transposeB);
    try (Device device = Device.cpu(1)) {
      Result result = run(device, problem, CuBlas.NAME, Precision.BF16, Storage.BF16);
      assertInstanceOf(Outcome.Timed.class, result.outcome(), result::toString);
      assertEquals("cublasGemmEx CUBLAS_COMPUTE_32F on CUDA_R_16BF", result.algorithm());
      assertEquals(0, device.memory().liveBytes(), device.memory()::toString);
    }
  }

  @Test
  void itIsForCudaDevices() {
    assertEquals(
        List.of("cublas"), GemmOthers.names(DeviceKind.CUDA, Precision.BF16, Storage.BF16));
    assertEquals(List.of(), GemmOthers.names(DeviceKind.EMULATED, Precision.BF16, Storage.BF16));
    assertEquals(
        List.of("cublas", "cublas-pedantic"),
        GemmOthers.names(DeviceKind.CUDA, Precision.FP32, Storage.F32));
    assertEquals(List.of("cublas"), GemmOthers.names(DeviceKind.CUDA, Precision.BF16, Storage.F32));
    assertEquals(List.of(), GemmOthers.names(DeviceKind.EMULATED, Precision.FP32, Storage.F32));
    assertEquals(
        List.of("onednn", "openblas"),
        GemmOthers.names(DeviceKind.CPU, Precision.FP32, Storage.F32));
  }

  /** Where it is installed its version is reported; where not, every place that was looked at. */
  @Test
  void reportNamesTheLibraryOrWhereItWasLookedFor() {
    try (Device device = Device.cpu(1)) {
      GemmOthers others = new GemmOthers(device, Precision.FP32, Storage.F32);
      assertThrows(IllegalArgumentException.class, () -> others.add("clublas"));
      try {
        others.add(CuBlas.NAME);
        Environment environment = new Environment(device);
        others.describe(environment);
        String version = environment.facts().get(CuBlas.NAME);
        assertTrue(version.startsWith("cuBLAS, 13."), version);
      } catch (NativeLibraryException e) {
        for (String part : List.of("Can't load cuBLAS", "AZULEJO_CUBLAS", "What to do:")) {
          assertTrue(e.getMessage().contains(part), e.getMessage());
        }
      }
    }
  }

  /** What a comparison with nobody else makes of it. */
  private Result run(Device device, GemmCase problem, String name, Precision precision) {
    return run(device, problem, name, precision, Storage.F32);
  }

  private Result run(
      Device device, GemmCase problem, String name, Precision precision, Storage storage) {
    GemmComparison.Other other =
        (at, data) ->
            new CuBlas(
                name,
                new CublasProduct(
                    cublas,
                    device.stream(),
                    STREAM,
                    at.m(),
                    at.n(),
                    at.k(),
                    at.transposeA(),
                    at.transposeB(),
                    CuBlas.compute(name, precision, storage),
                    storage),
                data);
    return new GemmComparison(device, precision, storage, Map.of(name, other), ONCE)
        .run(problem)
        .results()
        .getLast();
  }
}

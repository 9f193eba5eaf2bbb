package dev.azulejo.compare.engine.cublas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.cublas.cublas_h;
import dev.azulejo.compare.engine.EngineConformance;
import dev.azulejo.compare.engine.TestTensor;
import dev.azulejo.compare.engine.VendorArguments;
import dev.azulejo.device.AzulejoException;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Status;
import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.DensePlan;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Engines;
import dev.azulejo.engine.Precision;
import dev.azulejo.ops.DenseProblem;
import dev.azulejo.reference.Shapes;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the engine asks of cuBLAS, against its functions in plain Java. */
class CublasEngineTest {
  private static final MemorySegment STREAM = MemorySegment.ofAddress(0x1234);

  private final FakeCublas cublas = new FakeCublas();
  private Device device;
  private Stream stream;

  @BeforeEach
  void open() {
    device = Device.cpu(1);
    stream = device.stream();
  }

  @AfterEach
  void close() {
    assertEquals(0, device.memory().liveBytes(), () -> "leaked: " + device.memory());
    device.close();
  }

  static List<Shapes.Line> problems() {
    return Shapes.read("dense-small.csv");
  }

  /** Column-major products with the right transpositions and strides give the row-major layer. */
  @ParameterizedTest
  @MethodSource("problems")
  void denseAgreesWithFloat64(Shapes.Line line) {
    EngineConformance.dense(
        engine(Precision.FP32), stream, line.get("batch"), line.get("inputs"), line.get("outputs"));
  }

  @ParameterizedTest
  @CsvSource({"FP32", "TF32", "BF16"})
  void precisionIsThatOfTheProductsAndNotOfTheBias(Precision precision) {
    int exact = cublas_h.CUBLAS_COMPUTE_32F_PEDANTIC();
    int asked =
        switch (precision) {
          case FP32 -> exact;
          case TF32 -> cublas_h.CUBLAS_COMPUTE_32F_FAST_TF32();
          case BF16 -> cublas_h.CUBLAS_COMPUTE_32F_FAST_16BF();
        };
    try (EngineSession session = engine(precision).open(stream, true);
        TestTensor t = new TestTensor(stream, new float[12])) {
      DensePlan plan = session.dense(new DenseProblem(2, 3, 2));
      plan.forward(part(t, 0), part(t, 6), t.floats().slice(0, 2), t.floats().slice(8, 4));
      plan.gradWeights(part(t, 0), t.floats().slice(6, 4), part(t, 6), t.floats().slice(0, 2));
      plan.gradInput(t.floats().slice(6, 4), part(t, 0), part(t, 6));
    }
    assertEquals(List.of(asked, exact, asked, exact, asked), cublas.computeTypes);
  }

  private static dev.azulejo.device.Tensor part(TestTensor tensor, long from) {
    return tensor.floats().slice(from, 6);
  }

  @Test
  void streamAndWorkspaceAreOurs() {
    try (EngineSession session = engine(Precision.FP32).open(stream, false)) {
      assertEquals(
          List.of("create", "setStream " + STREAM.address(), "setWorkspace " + (32 << 20)),
          cublas.calls);
      assertEquals(32 << 20, session.bytes());
      assertTrue(device.memory().toString().contains("cublas"), device.memory()::toString);
    }
    assertEquals("destroy " + 0x77, cublas.calls.getLast());
  }

  @ParameterizedTest
  @CsvSource({
    "1, NO_DEVICE",
    "3, OUT_OF_MEMORY",
    "7, INVALID_ARGUMENT",
    "8, UNSUPPORTED",
    "11, INTERNAL",
    "13, INTERNAL",
    "14, INTERNAL",
    "15, UNSUPPORTED",
    "16, NO_DEVICE"
  })
  void everyStatusIsATypedException(int code, Status status) {
    for (String function : List.of("create", "setStream", "setWorkspace")) {
      cublas.failures.clear();
      cublas.failures.put(function, code);
      AzulejoException e =
          assertThrows(AzulejoException.class, () -> engine(Precision.FP32).open(stream, false));
      assertEquals(status, e.status());
      assertTrue(e.getMessage().contains("cuBLAS 13.0.0 says \"STATUS_" + code), e.getMessage());
    }
  }

  @Test
  void limitsAndOtherDevicesAreNamed() {
    assertEquals(7, VendorArguments.number(7, "f"));
    UnsupportedProblemException e =
        assertThrows(
            UnsupportedProblemException.class, () -> VendorArguments.number(1L << 31, "f"));
    assertTrue(e.getMessage().contains("a size of 2147483648"), e.getMessage());
    Engine real = new CublasEngine("cublas", Precision.FP32);
    assertTrue(
        assertThrows(UnsupportedProblemException.class, () -> real.open(stream, false))
            .getMessage()
            .contains("device CPU 0; choose --device cuda"));
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> Engines.named("cublas", DeviceKind.CPU))
            .getMessage()
            .contains("it is for cuda, not cpu"));
  }

  private Engine engine(Precision precision) {
    return new Engine() {
      @Override
      public String name() {
        return "cublas";
      }

      @Override
      public EngineSession open(Stream on, boolean training) {
        return new CublasSession(cublas, on, STREAM, CublasCompute.of(precision), training);
      }
    };
  }
}

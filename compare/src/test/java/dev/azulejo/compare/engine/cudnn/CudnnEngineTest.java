package dev.azulejo.compare.engine.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.cudnn.cudnnConvolutionBwdDataAlgoPerfStruct;
import dev.azulejo.bindings.cudnn.cudnnConvolutionBwdFilterAlgoPerfStruct;
import dev.azulejo.bindings.cudnn.cudnnConvolutionFwdAlgoPerfStruct;
import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.compare.engine.EngineConformance;
import dev.azulejo.compare.engine.TestTensor;
import dev.azulejo.device.AzulejoException;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.OutOfDeviceMemoryException;
import dev.azulejo.device.Status;
import dev.azulejo.device.Stream;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Engines;
import dev.azulejo.engine.Precision;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvPass;
import dev.azulejo.reference.ConvolutionReference;
import dev.azulejo.reference.Doubles;
import dev.azulejo.reference.Samples;
import dev.azulejo.reference.Shapes;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the engine asks of cuDNN, against its functions in plain Java. */
class CudnnEngineTest {
  private static final MemorySegment STREAM = MemorySegment.ofAddress(0x4321);
  private static final int TENSOR_CORE = cudnn_h.CUDNN_NUMERICAL_NOTE_TENSOR_CORE();
  private static final int CONVERTED = cudnn_h.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS();

  private final FakeCudnn cudnn = new FakeCudnn();
  private boolean legacyIsFaster;
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
    assertEquals(0, cudnn.live, "handles of cuDNN");
    assertEquals(0, cudnn.backend.live, "descriptors of the graph API");
    device.close();
  }

  static List<Shapes.Line> problems() {
    return Shapes.read("conv-small.csv");
  }

  /** The fake computes from the legacy descriptors: a wrong one gives a wrong result. */
  @ParameterizedTest
  @MethodSource("problems")
  void legacyPassesAgreeWithFloat64(Shapes.Line line) {
    legacyIsFaster = true;
    EngineConformance.convolution(
        engine(Precision.FP32), stream, EngineConformance.shape(line), line.get("batch"));
    assertTrue(cudnn.calls.contains("convolution FORWARD 1 4096"), cudnn.calls::toString);
  }

  /** The fake computes from the bytes of the attributes. */
  @ParameterizedTest
  @MethodSource("problems")
  void graphPassesAgreeWithFloat64(Shapes.Line line) {
    EngineConformance.convolution(
        engine(Precision.FP32), stream, EngineConformance.shape(line), line.get("batch"));
    assertTrue(cudnn.calls.contains("execute"), cudnn.calls::toString);
  }

  @Test
  void bf16RoundsOperandsAndResults() {
    Conv2dShape shape = new Conv2dShape(3, 6, 5, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    float[] x = new Samples(1).uniform(2 * shape.inputCount());
    float[] w = new Samples(2).uniform(shape.weightCount());
    var reference = new ConvolutionReference(shape, 2);
    double[] none = new double[4];
    double[] expected = reference.forward(Doubles.of(x), Doubles.of(w), none);
    double[] magnitude =
        reference.forward(Doubles.abs(Doubles.of(x)), Doubles.abs(Doubles.of(w)), none);
    double[] tolerance = Arrays.stream(magnitude).map(m -> m * 0x3p-8).toArray();
    try (EngineSession session = engine(Precision.BF16).open(stream, false);
        TestTensor dx = new TestTensor(stream, x);
        TestTensor dw = new TestTensor(stream, w);
        TestTensor y = TestTensor.output(stream, expected.length)) {
      ConvolutionPlan plan =
          session.convolution(
              Conv2dProblem.builder()
                  .input(3, 6, 5)
                  .filters(4)
                  .kernel(3, 3)
                  .padding(1)
                  .batch(2)
                  .build());
      plan.forward(dx.floats(), dw.floats(), null, y.floats());
      y.assertNear(expected, tolerance, "y");
      for (float value : y.floats().toArray(stream)) {
        assertEquals(0, Float.floatToRawIntBits(value) & 0xffff, "not a BF16 number");
      }
      assertTrue(plan.algorithm(ConvPass.FORWARD).endsWith("on BF16 copies"));
      assertFalse(cudnn.calls.stream().anyMatch(call -> call.startsWith("find")));
    }
  }

  @ParameterizedTest
  @CsvSource({"FP32, 102", "TF32, 101", "BF16, 100"})
  void enginesThatRoundMoreThanAskedAreLeftOut(Precision precision, int engine) {
    cudnn.backend.notes = new int[][] {{TENSOR_CORE, CONVERTED}, {TENSOR_CORE}, {}};
    try (EngineSession session = engine(precision).open(stream, false)) {
      String algorithm = small(session).algorithm(ConvPass.FORWARD);
      assertTrue(algorithm.startsWith("graph API, engine " + engine), algorithm);
    }
  }

  @ParameterizedTest
  @CsvSource({"FP32, 3", "TF32, 1"})
  void legacyMathIsThatOfThePrecision(Precision precision, int mathType) {
    assertEquals(3, cudnn_h.CUDNN_FMA_MATH());
    assertEquals(1, cudnn_h.CUDNN_TENSOR_OP_MATH());
    try (EngineSession session = engine(precision).open(stream, false)) {
      small(session);
      List<String> math = cudnn.calls.stream().filter(call -> call.startsWith("math")).toList();
      assertEquals("math " + mathType, math.getFirst());
      // Within what is allowed the search's finding counts; float32 is never given up.
      int found = precision == Precision.FP32 ? mathType : cudnn_h.CUDNN_DEFAULT_MATH();
      assertEquals("math " + found, math.getLast());
    }
  }

  @Test
  void descriptorsHaveTheProblemsNumbers() {
    try (EngineSession session = engine(Precision.FP32).open(stream, false)) {
      session.convolution(
          Conv2dProblem.builder()
              .input(4, 9, 10)
              .filters(6)
              .kernel(3, 2)
              .stride(2, 1)
              .padding(1, 2)
              .groups(2)
              .batch(5)
              .build());
      assertTrue(
          cudnn.calls.containsAll(
              List.of(
                  "setStream " + STREAM.address(),
                  "tensor [0, 0, 5, 4, 9, 10]",
                  "filter [0, 0, 6, 2, 3, 2]",
                  "tensor [0, 0, 5, 6, 5, 13]",
                  "tensor [0, 0, 1, 6, 1, 1]",
                  "convolution [1, 2, 2, 1, 1, 1, 1, 0, 1]",
                  "groups 2")),
          cudnn.calls::toString);
    }
  }

  @Test
  void attributesAreEncodedAsTheHeaderSays() {
    try (EngineSession session = engine(Precision.FP32).open(stream, false)) {
      small(session);
      var tensor = first(cudnn_h.CUDNN_BACKEND_TENSOR_DESCRIPTOR());
      var strides = tensor.attributes.get(cudnn_h.CUDNN_ATTR_TENSOR_STRIDES());
      assertEquals(cudnn_h.CUDNN_TYPE_INT64(), strides.type());
      assertEquals(4, strides.count());
      assertEquals(List.of(16L, 16L, 4L, 1L), Arrays.stream(strides.longs()).boxed().toList());
      var convolution = first(cudnn_h.CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR());
      var mode = convolution.attributes.get(cudnn_h.CUDNN_ATTR_CONVOLUTION_CONV_MODE());
      assertEquals(cudnn_h.CUDNN_TYPE_CONVOLUTION_MODE(), mode.type());
      assertEquals(cudnn_h.CUDNN_CROSS_CORRELATION(), mode.integer());
      var forward = first(cudnn_h.CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR());
      var alpha = forward.attributes.get(cudnn_h.CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA());
      assertEquals(cudnn_h.CUDNN_TYPE_FLOAT(), alpha.type());
      assertEquals(1f, Float.intBitsToFloat(alpha.integer()));
      assertTrue(cudnn.backend.made.values().stream().anyMatch(one -> one.complete));
    }
  }

  @Test
  void workspaceIsReservedUnderTheEnginesName() {
    legacyIsFaster = true;
    cudnn.workspaces = new long[] {100, 70_000, 50_000, -1, -1, -1, -1, -1};
    try (EngineSession session = engine(Precision.FP32).open(stream, false)) {
      small(session);
      assertTrue(cudnn.calls.contains("find FORWARD 70000"), cudnn.calls::toString);
      assertTrue(device.memory().toString().contains("cudnn"), device.memory()::toString);
      assertEquals(70_000, session.bytes());
    }
  }

  /** A graph that was recorded with the smaller workspace goes on using it. */
  @Test
  void workspaceThatIsOutgrownStays() {
    cudnn.backend.workspaceBytes = 1000;
    try (EngineSession session = engine(Precision.FP32).open(stream, false)) {
      small(session);
      assertEquals(1000, session.bytes());
      cudnn.backend.workspaceBytes = 500;
      small(session);
      assertEquals(1000, session.bytes());
      cudnn.backend.workspaceBytes = 3000;
      small(session);
      assertEquals(4000, session.bytes());
    }
  }

  @Test
  void workspaceThatDoesNotFitIsAnError() {
    cudnn.workspaces = new long[] {-1, 1L << 60, 1L << 59, -1, -1, -1, -1, -1};
    cudnn.backend.workspaceBytes = 1L << 61;
    try (EngineSession session = engine(Precision.FP32).open(stream, false)) {
      OutOfDeviceMemoryException e =
          assertThrows(OutOfDeviceMemoryException.class, () -> small(session));
      assertTrue(
          e.getMessage().contains("wants at least 576460752303423488 bytes"), e.getMessage());
    }
  }

  @Test
  void problemWithoutAnyAlgorithmIsUnsupported() {
    Arrays.fill(cudnn.workspaces, -1);
    cudnn.backend.notes = new int[][] {{}, {}};
    cudnn.backend.refused = Set.of(0, 1);
    try (EngineSession session = engine(Precision.FP32).open(stream, false)) {
      UnsupportedProblemException e =
          assertThrows(UnsupportedProblemException.class, () -> small(session));
      assertTrue(
          e.getMessage().contains("cuDNN 9.9.9 with precision fp32 for batch 1"), e.getMessage());
    }
  }

  /** Without a change of addresses a step makes no descriptor. */
  @Test
  void packsAreMadeOnceForTheSameAddresses() {
    try (EngineSession session = engine(Precision.FP32).open(stream, true);
        TestTensor t = new TestTensor(stream, new float[33])) {
      ConvolutionPlan plan = small(session);
      Runnable step =
          () ->
              plan.forward(
                  t.floats().slice(0, 16), t.floats().slice(16, 1), null, t.floats().slice(17, 16));
      step.run();
      int made = cudnn.backend.made.size();
      for (int i = 0; i < 10; i++) {
        step.run();
      }
      assertEquals(made, cudnn.backend.made.size());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1001, NO_DEVICE", "1002, NO_DEVICE", "2000, INVALID_ARGUMENT", "2003, INVALID_ARGUMENT",
    "3000, UNSUPPORTED", "3002, UNSUPPORTED", "4000, INTERNAL", "4003, OUT_OF_MEMORY",
    "4004, OUT_OF_MEMORY", "5000, INTERNAL", "5003, INTERNAL"
  })
  void everyStatusIsATypedException(int code, Status status) {
    for (String function : List.of("create", "setStream")) {
      cudnn.failures.clear();
      cudnn.failures.put(function, code);
      assertFailure(code, status, () -> engine(Precision.FP32).open(stream, false).close());
    }
    for (String function :
        List.of("createTensor", "tensor", "filter", "convolution", "groups", "math", "find")) {
      cudnn.failures.clear();
      try (EngineSession session = engine(Precision.FP32).open(stream, false)) {
        cudnn.failures.put(function, code);
        assertFailure(code, status, () -> small(session));
        cudnn.failures.clear();
      }
    }
  }

  @Test
  void searchResultsOfThePassesHaveOneLayout() {
    var forward = cudnnConvolutionFwdAlgoPerfStruct.layout().withoutName();
    assertEquals(forward, cudnnConvolutionBwdDataAlgoPerfStruct.layout().withoutName());
    assertEquals(forward, cudnnConvolutionBwdFilterAlgoPerfStruct.layout().withoutName());
  }

  @Test
  void otherDevicesAndMissingGradientsAreRefused() {
    Engine real = new CudnnEngine("cudnn", Precision.FP32);
    assertTrue(
        assertThrows(UnsupportedProblemException.class, () -> real.open(stream, false))
            .getMessage()
            .contains("device CPU 0; choose --device cuda"));
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> Engines.named("cudnn", DeviceKind.CPU))
            .getMessage()
            .contains("it is for cuda, not cpu"));
    try (EngineSession session = engine(Precision.FP32).open(stream, false)) {
      ConvolutionPlan plan = small(session);
      assertThrows(IllegalStateException.class, () -> plan.algorithm(ConvPass.GRAD_INPUT));
    }
  }

  private static void assertFailure(
      int code, Status status, org.junit.jupiter.api.function.Executable call) {
    AzulejoException e = assertThrows(AzulejoException.class, call);
    assertEquals(status, e.status(), e::getMessage);
    assertTrue(e.getMessage().contains("cuDNN 9.9.9 says \"STATUS_" + code), e.getMessage());
    assertTrue(e.getMessage().endsWith(": the last error"), e.getMessage());
  }

  private FakeBackend.Descriptor first(int type) {
    return cudnn.backend.made.values().stream()
        .filter(one -> one.type == type)
        .findFirst()
        .orElseThrow();
  }

  /** One sample of 1x4x4, one filter of one tap. */
  private static ConvolutionPlan small(EngineSession session) {
    return session.convolution(
        Conv2dProblem.builder().input(1, 4, 4).filters(1).kernel(1, 1).build());
  }

  private Engine engine(Precision precision) {
    return new Engine() {
      @Override
      public String name() {
        return "cudnn";
      }

      @Override
      public EngineSession open(Stream on, boolean training) {
        return new CudnnSession(
            cudnn,
            on,
            STREAM,
            precision,
            training,
            CudnnEngineTest.this::time,
            Engine.azulejo().open(on, training));
      }
    };
  }

  /** The first that is timed is the legacy API's; of the graph API's the first is fastest. */
  private double time(Runnable run) {
    int before = cudnn.calls.size();
    run.run();
    boolean legacy = cudnn.calls.get(before).startsWith("convolution");
    return legacy == legacyIsFaster ? 1 : 2;
  }
}

package dev.azulejo.compare.engine.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.compare.engine.EngineConformance;
import dev.azulejo.compare.measure.Operand;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.device.UnsupportedProblemException;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.Conv2dShape;
import dev.azulejo.ops.ConvAlgorithm;
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
import org.junit.jupiter.params.provider.MethodSource;

/** cuDNN's passes on BF16 tensors with channels last; its functions are in plain Java. */
class CudnnChannelsLastTest {
  private final FakeCudnn cudnn = new FakeCudnn();
  private Device device;
  private Stream stream;
  private double time;

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

  /** The fake computes from the strides: a wrong one gives a wrong result. */
  @ParameterizedTest
  @MethodSource("problems")
  void passesAgreeWithFloat64(Shapes.Line line) {
    check(EngineConformance.shape(line), line.get("batch"));
  }

  /** The later the plan, the faster: the last one takes the zeros up to the pitch for channels. */
  @Test
  void zerosMayCountAsChannels() {
    time = 1e6;
    cudnn.backend.notes = new int[][] {{}};
    Conv2dShape shape = new Conv2dShape(3, 6, 5, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    check(shape, 2);
    assertTrue(
        cudnn.backend.made.values().stream()
            .filter(one -> one.type == cudnn_h.CUDNN_BACKEND_TENSOR_DESCRIPTOR())
            .anyMatch(
                one ->
                    Arrays.equals(
                        new long[] {2, 8, 6, 5},
                        one.attributes.get(cudnn_h.CUDNN_ATTR_TENSOR_DIMENSIONS()).longs())));
  }

  @Test
  void withoutAPlanItIsUnsupported() {
    cudnn.backend.notes = new int[][] {{}};
    cudnn.backend.refused = Set.of(0);
    Conv2dShape shape = new Conv2dShape(8, 4, 4, 8, 1, 1, 1, 1, 0, 0, 1, 1, 1);
    assertTrue(
        assertThrows(UnsupportedProblemException.class, () -> check(shape, 1))
            .getMessage()
            .contains("cuDNN 9.9.9 with precision bf16"));
  }

  private void check(Conv2dShape s, long batch) {
    var conv = new Conv2dProblem(s, batch, ConvAlgorithm.AUTO, 0, Activation.IDENTITY, 0);
    Operand ofX = new Operand(Storage.BF16, batch, s.channels(), s.height() * s.width());
    Operand ofW =
        new Operand(
            Storage.BF16,
            s.filters(),
            s.channels() / s.groups(),
            s.kernelHeight() * s.kernelWidth());
    Operand ofY = new Operand(Storage.BF16, batch, s.filters(), s.outputHeight() * s.outputWidth());
    float[] x = ofX.given(new Samples(1).uniform(conv.inputCount()));
    float[] w = ofW.given(new Samples(2).uniform(conv.weightCount()));
    float[] z = ofY.given(new Samples(3).uniform(conv.outputCount()));
    var reference = new ConvolutionReference(s, (int) batch);
    double[] dx = Doubles.of(x);
    double[] dw = Doubles.of(w);
    double[] dz = Doubles.of(z);
    double[] noBias = new double[(int) s.filters()];
    compare(conv, ConvPass.FORWARD, ofX, x, ofW, w, ofY, reference.forward(dx, dw, noBias));
    compare(conv, ConvPass.GRAD_INPUT, ofY, z, ofW, w, ofX, reference.gradInput(dz, dw));
    compare(conv, ConvPass.GRAD_WEIGHTS, ofX, x, ofY, z, ofW, reference.gradWeights(dx, dz));
  }

  private void compare(
      Conv2dProblem conv,
      ConvPass pass,
      Operand one,
      float[] first,
      Operand two,
      float[] second,
      Operand product,
      double[] expected) {
    long bytes = one.bytes() + two.bytes() + product.bytes();
    try (DeviceBuffer memory = device.allocate("operands", bytes)) {
      Tensor a = one.in(memory, 0);
      Tensor b = two.in(memory, one.bytes());
      Tensor result = product.in(memory, one.bytes() + two.bytes());
      one.upload(stream, first, a);
      two.upload(stream, second, b);
      product.poison(stream, result);
      try (var channelsLast = new CudnnChannelsLast(session(), conv, pass, a, b, result)) {
        channelsLast.run(a, b, result);
        Tensor written = pass == ConvPass.GRAD_WEIGHTS ? channelsLast.gradient() : result;
        float[] actual = product.download(stream, written);
        assertEquals(expected.length, actual.length);
        for (int i = 0; i < actual.length; i++) {
          double bound = 0x1p-8 * Math.abs(expected[i]) + 1e-4; // rounded to BF16, once
          assertEquals(expected[i], actual[i], bound, pass + " at " + i);
        }
        assertTrue(channelsLast.describe().endsWith("BF16 channels last"));
      }
    }
  }

  private CudnnSession session() {
    return new CudnnSession(
        cudnn,
        stream,
        MemorySegment.ofAddress(0x4321),
        Precision.BF16,
        true,
        run -> {
          run.run();
          return time == 0 ? 1 : time--;
        },
        Engine.azulejo().open(stream, true));
  }
}

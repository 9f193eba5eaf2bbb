package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.AzulejoException;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Status;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * What every operation refuses, in every argument: null, too few elements, the wrong element type,
 * another device, a closed buffer, overlap, a closed stream, another thread's stream.
 */
class OperationArgumentsTest extends DeviceTest {
  /**
   * An operation whose arguments are tensors; it must need exactly as many elements as they have.
   */
  private interface Operation {
    void run(Stream stream, Tensor... tensors);
  }

  /** An operation with the names and counts of its arguments; "i:" integers, "?" may be null. */
  private record Signature(Operation operation, Object... namesAndCounts) {
    int arguments() {
      return namesAndCounts.length / 2;
    }

    String spec(int argument) {
      return (String) namesAndCounts[2 * argument];
    }

    String name(int argument) {
      return spec(argument).replaceAll("^[i?:]+", "");
    }

    boolean ints(int argument) {
      return spec(argument).startsWith("i");
    }

    boolean nullable(int argument) {
      return spec(argument).contains("?");
    }

    int count(int argument) {
      return ((Number) namesAndCounts[2 * argument + 1]).intValue();
    }
  }

  private SgdSettings sgd;
  private AdamSettings adam;

  @BeforeEach
  void settings() {
    sgd = new SgdSettings(device);
    adam = new AdamSettings(device);
    sgd.set(stream, 0.1f, 0.9f, 0, false);
    adam.set(stream, 0.1f, 0.9f, 0.9f, 1e-8f, 0, false, 1);
  }

  @AfterEach
  void closeSettings() {
    sgd.close();
    sgd.close();
    adam.close();
    adam.close();
  }

  private Map<String, Signature> operations() {
    var conv =
        Conv2dProblem.builder()
            .batch(2)
            .input(2, 5, 4)
            .filters(3)
            .kernel(2)
            .algorithm(ConvAlgorithm.DIRECT)
            .build();
    Convolution.reserveWorkspace(stream, conv, ConvPass.values());
    long x = conv.inputCount();
    long y = conv.outputCount();
    long w = conv.weightCount();
    var max = Pool2dProblem.builder().batch(2).input(2, 4, 4).window(4).build();
    var dense = new DenseProblem(3, 4, 5);
    var gemm = GemmProblem.of(2, 3, 4).build();
    var all = new LinkedHashMap<String, Signature>();
    all.put(
        "conv2d_forward",
        new Signature(
            (s, t) -> Convolution.forward(s, conv, t[0], t[1], t[2], t[3]),
            "x",
            x,
            "w",
            w,
            "?bias",
            3,
            "y",
            y));
    all.put(
        "conv2d_grad_input",
        new Signature(
            (s, t) -> Convolution.gradInput(s, conv, t[0], t[1], t[2]),
            "gradZ",
            y,
            "w",
            w,
            "gradX",
            x));
    all.put(
        "conv2d_grad_weights",
        new Signature(
            (s, t) -> Convolution.gradWeights(s, conv, t[0], t[1], t[2]),
            "x",
            x,
            "gradZ",
            y,
            "gradW",
            w));
    all.put(
        "conv2d_grad_bias",
        new Signature(
            (s, t) -> Convolution.gradBias(s, conv, t[0], t[1]), "gradZ", y, "gradBias", 3));
    all.put(
        "im2col",
        new Signature(
            (s, t) -> Convolution.im2col(s, conv, t[0], t[1]),
            "x",
            x,
            "unrolled",
            conv.unrolledCount()));
    all.put(
        "col2im",
        new Signature(
            (s, t) -> Convolution.col2im(s, conv, t[0], t[1]),
            "unrolled",
            conv.unrolledCount(),
            "x",
            x));
    all.put(
        "pool2d_forward",
        new Signature(
            (s, t) -> Pooling.forward(s, max, t[0], t[1], t[2]), "x", 64, "y", 4, "i?:argmax", 4));
    all.put(
        "pool2d_backward",
        new Signature(
            (s, t) -> Pooling.backward(s, max, t[0], t[1], t[2]),
            "gradY",
            4,
            "i:argmax",
            4,
            "gradX",
            64));
    all.put(
        "dense_forward",
        new Signature(
            (s, t) -> Dense.forward(s, dense, t[0], t[1], t[2], t[3]),
            "x",
            12,
            "w",
            20,
            "?bias",
            5,
            "y",
            15));
    all.put(
        "dense_grad_input",
        new Signature(
            (s, t) -> Dense.gradInput(s, dense, t[0], t[1], t[2]),
            "gradZ",
            15,
            "w",
            20,
            "gradX",
            12));
    all.put(
        "dense_grad_weights",
        new Signature(
            (s, t) -> Dense.gradWeights(s, dense, t[0], t[1], t[2]),
            "x",
            12,
            "gradZ",
            15,
            "gradW",
            20));
    all.put(
        "dense_grad_bias",
        new Signature((s, t) -> Dense.gradBias(s, dense, t[0], t[1]), "gradZ", 15, "gradBias", 5));
    all.put(
        "gemm",
        new Signature((s, t) -> Gemm.gemm(s, gemm, t[0], t[1], t[2]), "a", 8, "b", 12, "c", 6));
    all.put("fill", new Signature((s, t) -> Elementwise.fill(s, 7, 1, t[0]), "x", 7));
    all.put("scale", new Signature((s, t) -> Elementwise.scale(s, 7, 1, t[0]), "x", 7));
    all.put("axpy", new Signature((s, t) -> Elementwise.axpy(s, 7, 1, t[0], t[1]), "x", 7, "y", 7));
    all.put(
        "sum",
        new Signature((s, t) -> Elementwise.sum(s, 7, 1, t[0], 0, t[1]), "x", 7, "result", 1));
    all.put(
        "activation_forward",
        new Signature(
            (s, t) -> Activations.forward(s, Activation.TANH, 0, 7, t[0], t[1]), "x", 7, "y", 7));
    all.put(
        "activation_backward",
        new Signature(
            (s, t) -> Activations.backward(s, Activation.TANH, 0, 7, t[0], t[1], t[2]),
            "y",
            7,
            "gradY",
            7,
            "gradX",
            7));
    all.put(
        "softmax_forward",
        new Signature((s, t) -> Softmax.forward(s, 2, 3, t[0], t[1]), "x", 6, "y", 6));
    all.put(
        "softmax_backward",
        new Signature(
            (s, t) -> Softmax.backward(s, 2, 3, t[0], t[1], t[2]), "y", 6, "gradY", 6, "gradX", 6));
    all.put(
        "softmax_cross_entropy",
        new Signature(
            (s, t) -> Losses.softmaxCrossEntropy(s, 2, 3, t[0], t[1], 1, t[2], t[3]),
            "x",
            6,
            "i:labels",
            2,
            "losses",
            2,
            "?grad",
            6));
    all.put(
        "sigmoid_cross_entropy",
        new Signature(
            (s, t) -> Losses.sigmoidCrossEntropy(s, 2, 3, t[0], t[1], 1, t[2], t[3]),
            "x",
            6,
            "targets",
            6,
            "losses",
            2,
            "?grad",
            6));
    all.put(
        "mean_squared_error",
        new Signature(
            (s, t) -> Losses.meanSquaredError(s, 2, 3, t[0], t[1], 1, t[2], t[3]),
            "x",
            6,
            "targets",
            6,
            "losses",
            2,
            "?grad",
            6));
    all.put(
        "argmax",
        new Signature(
            (s, t) -> Losses.argmax(s, 2, 3, t[0], t[1], t[2], t[3]),
            "x",
            6,
            "i:labels",
            2,
            "i:predictions",
            2,
            "?hits",
            2));
    all.put(
        "sgd",
        new Signature(
            (s, t) -> Optimizers.sgd(s, sgd, 7, t[0], t[1], t[2]), "g", 7, "w", 7, "v", 7));
    all.put(
        "adam",
        new Signature(
            (s, t) -> Optimizers.adam(s, adam, 7, t[0], t[1], t[2], t[3]),
            "g",
            7,
            "w",
            7,
            "m",
            7,
            "v",
            7));
    return all;
  }

  @Test
  void exactArgumentsAreTaken() {
    operations()
        .forEach(
            (name, signature) -> with(device, signature, t -> signature.operation.run(stream, t)));
  }

  @Test
  void nullIsRefusedByName() {
    operations()
        .forEach(
            (name, signature) ->
                with(
                    device,
                    signature,
                    t -> {
                      assertEquals(
                          "stream",
                          thrown(
                              NullPointerException.class,
                              name,
                              () -> signature.operation.run(null, t)));
                      for (int i = 0; i < t.length; i++) {
                        Tensor[] changed = t.clone();
                        changed[i] = null;
                        if (signature.nullable(i)) {
                          signature.operation.run(stream, changed);
                        } else {
                          assertEquals(
                              signature.name(i),
                              thrown(
                                  NullPointerException.class,
                                  name,
                                  () -> signature.operation.run(stream, changed)));
                        }
                      }
                    }));
  }

  @Test
  void tooFewElementsAreRefusedWithWhatIsNeeded() {
    operations()
        .forEach(
            (name, signature) ->
                with(
                    device,
                    signature,
                    t -> {
                      for (int i = 0; i < t.length; i++) {
                        if (signature.count(i) == 1) {
                          continue;
                        }
                        Tensor[] changed = t.clone();
                        changed[i] = t[i].slice(1, signature.count(i) - 1);
                        String message =
                            thrown(
                                IllegalArgumentException.class,
                                name,
                                () -> signature.operation.run(stream, changed));
                        assertTrue(
                            message.startsWith(
                                signature.name(i)
                                    + " needs at least "
                                    + signature.count(i)
                                    + " elements, has "
                                    + (signature.count(i) - 1)
                                    + ": "),
                            name + ": " + message);
                      }
                    }));
  }

  @Test
  void theWrongElementTypeIsRefused() {
    operations()
        .forEach(
            (name, signature) -> {
              for (int i = 0; i < signature.arguments(); i++) {
                int argument = i;
                with(
                    device,
                    signature,
                    t -> {
                      try (DeviceBuffer other =
                          device.allocateFloats("other", signature.count(argument))) {
                        Tensor[] changed = t.clone();
                        changed[argument] =
                            signature.ints(argument) ? other.floats() : other.ints();
                        String message =
                            thrown(
                                IllegalArgumentException.class,
                                name,
                                () -> signature.operation.run(stream, changed));
                        assertTrue(
                            message.startsWith(
                                signature.name(argument)
                                    + " must have elements of type "
                                    + (signature.ints(argument) ? "I32" : "F32")
                                    + ", was: "),
                            name + ": " + message);
                      }
                    });
              }
            });
  }

  @Test
  void anotherDeviceAndAClosedBufferAreRefused() {
    try (Device other = Device.open(kind)) {
      operations()
          .forEach(
              (name, signature) -> {
                for (int i = 0; i < signature.arguments(); i++) {
                  int argument = i;
                  with(
                      device,
                      signature,
                      t -> {
                        DeviceBuffer there =
                            other.allocateFloats("there", signature.count(argument));
                        Tensor[] changed = t.clone();
                        changed[argument] =
                            signature.ints(argument) ? there.ints() : there.floats();
                        String message =
                            thrown(
                                IllegalArgumentException.class,
                                name,
                                () -> signature.operation.run(stream, changed));
                        assertTrue(
                            message.startsWith(
                                signature.name(argument)
                                    + " is on another device than the stream: "),
                            name + ": " + message);
                        there.close();
                        DeviceBuffer closed =
                            device.allocateFloats("closed", signature.count(argument));
                        changed[argument] =
                            signature.ints(argument) ? closed.ints() : closed.floats();
                        closed.close();
                        message =
                            thrown(
                                IllegalStateException.class,
                                name,
                                () -> signature.operation.run(stream, changed));
                        assertTrue(message.startsWith("buffer 'closed' ("), name + ": " + message);
                        assertTrue(message.endsWith(" is closed"), name + ": " + message);
                      });
                }
              });
    }
  }

  @Test
  void aClosedStreamIsRefused() {
    Stream closed = device.openStream(0);
    closed.close();
    operations()
        .forEach(
            (name, signature) ->
                with(
                    device,
                    signature,
                    t ->
                        assertEquals(
                            "stream of device " + kind + " 0 is closed",
                            thrown(
                                IllegalStateException.class,
                                name,
                                () -> signature.operation.run(closed, t)))));
  }

  /**
   * The last argument is an output of every operation; one element shared with any other argument
   * is refused.
   */
  @Test
  void overlapIsRefused() {
    operations()
        .forEach(
            (name, signature) -> {
              int last = signature.arguments() - 1;
              if (signature.ints(last) || last == 0) {
                return;
              }
              for (int i = 0; i < last; i++) {
                int argument = i;
                int first = signature.count(argument);
                with(
                    device,
                    signature,
                    t -> {
                      try (DeviceBuffer shared =
                          device.allocateFloats("shared", first + signature.count(last))) {
                        shared.ints().upload(stream, new int[first + signature.count(last)]);
                        Tensor[] changed = t.clone();
                        changed[argument] =
                            signature.ints(argument)
                                ? shared.ints(0, first)
                                : shared.floats(0, first);
                        changed[last] = shared.floats(first, signature.count(last));
                        signature.operation.run(stream, changed);
                        changed[last] = shared.floats(first - 1, signature.count(last));
                        if (first == 1) {
                          return;
                        }
                        String message =
                            thrown(
                                IllegalArgumentException.class,
                                name,
                                () -> signature.operation.run(stream, changed));
                        assertTrue(message.contains(" overlaps "), name + ": " + message);
                      }
                    });
              }
            });
  }

  @Test
  void countsMustBePositive() {
    try (Guarded x = Guarded.of(stream, "x", new float[4])) {
      Tensor t = x.floats();
      assertMessage("count must be at least 1, was 0", () -> Elementwise.fill(stream, 0, 1, t));
      assertMessage("count must be at least 1, was -1", () -> Elementwise.scale(stream, -1, 1, t));
      assertMessage(
          "count must be at least 1, was 0",
          () -> Activations.forward(stream, Activation.RELU, 0, 0, t, t));
      assertMessage("rows must be at least 1, was 0", () -> Softmax.forward(stream, 0, 1, t, t));
      assertMessage(
          "classes must be at least 1, was -1", () -> Softmax.forward(stream, 1, -1, t, t));
      assertMessage(
          "columns must be at least 1, was 0",
          () -> Losses.meanSquaredError(stream, 1, 0, t, t, 1, t, t));
      assertMessage(
          "rows * classes = 4294967296 * 4294967296 does not fit 64 bits",
          () -> Softmax.forward(stream, 1L << 32, 1L << 32, t, t));
      assertMessage(
          "slope of LEAKY_RELU must be in [0, 1), was 1.0",
          () -> Activations.forward(stream, Activation.LEAKY_RELU, 1, 4, t, t));
      assertThrows(NullPointerException.class, () -> Activations.forward(stream, null, 1, 4, t, t));
    }
  }

  @Test
  void hitsNeedLabels() {
    try (Guarded x = Guarded.of(stream, "x", new float[4]);
        Guarded predictions = Guarded.output(stream, "predictions", 2);
        Guarded hits = Guarded.output(stream, "hits", 2)) {
      assertEquals(
          "labels",
          thrown(
              NullPointerException.class,
              "argmax",
              () ->
                  Losses.argmax(
                      stream, 2, 2, x.floats(), null, predictions.ints(), hits.floats())));
    }
  }

  /** The library says how much it needs, and Java how to give it. */
  @Test
  void aWorkspaceThatIsTooSmallIsRefused() {
    var problem =
        Conv2dProblem.builder()
            .batch(2)
            .input(3, 9, 9)
            .filters(4)
            .kernel(3)
            .algorithm(ConvAlgorithm.IM2COL_GEMM)
            .build();
    long needed = Convolution.workspaceBytes(stream, problem, ConvPass.FORWARD);
    assertTrue(needed > 0);
    stream.workspace().trim();
    try (Guarded x = Guarded.of(stream, "x", new float[(int) problem.inputCount()]);
        Guarded w = Guarded.of(stream, "w", new float[(int) problem.weightCount()]);
        Guarded y = Guarded.output(stream, "y", problem.outputCount())) {
      for (long given : new long[] {0, needed - 1}) {
        stream.workspace().reserve(given);
        var e =
            assertThrows(
                AzulejoException.class,
                () ->
                    Convolution.forward(stream, problem, x.floats(), w.floats(), null, y.floats()));
        assertEquals(Status.WORKSPACE_TOO_SMALL, e.status());
        assertTrue(e.getMessage().contains(Long.toString(needed)), e.getMessage());
        assertTrue(e.getMessage().contains(Long.toString(given)), e.getMessage());
        assertTrue(e.getMessage().contains("stream.workspace().reserve(bytes)"), e.getMessage());
        y.assertUnchanged();
      }
      stream.workspace().reserve(needed);
      Convolution.forward(stream, problem, x.floats(), w.floats(), null, y.floats());
    }
  }

  private interface Body {
    void run(Tensor... tensors);
  }

  /** Runs with a fresh tensor for each argument. */
  private static void with(Device device, Signature signature, Body body) {
    Tensor[] tensors = new Tensor[signature.arguments()];
    int total = 0;
    for (int i = 0; i < tensors.length; i++) {
      total += signature.count(i);
    }
    try (DeviceBuffer buffer = device.allocateFloats("arguments", total)) {
      int at = 0;
      for (int i = 0; i < tensors.length; i++) {
        int count = signature.count(i);
        tensors[i] = signature.ints(i) ? buffer.ints(at, count) : buffer.floats(at, count);
        at += count;
      }
      buffer.ints().upload(device.stream(), new int[total]);
      body.run(tensors);
    }
  }

  private static String thrown(
      Class<? extends Exception> type, String operation, Executable executable) {
    return assertThrows(type, executable, operation).getMessage();
  }

  private static void assertMessage(String message, Executable executable) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, executable).getMessage());
  }
}

package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * What the operations on BF16 refuse before they ask the device, in every argument: null, too few
 * elements, the wrong element type, overlap.
 */
class Bf16ArgumentsTest extends DeviceTest {
  private static final Conv2dProblem CONV =
      Conv2dProblem.builder().batch(2).input(3, 5, 4).filters(9).kernel(2).build();
  private static final Pool2dProblem POOL =
      Pool2dProblem.builder().batch(2).input(9, 4, 4).window(2).build();
  private static final GemmProblem GEMM = GemmProblem.of(2, 8, 16).build();

  private interface Operation {
    void run(Tensor... tensors);
  }

  /** An argument: exactly so many elements are needed. */
  private record Argument(String name, ElementType type, long count, boolean nullable) {
    static Argument bf16(String name, long count) {
      return new Argument(name, ElementType.BF16, count, false);
    }

    static Argument floats(String name, long count) {
      return new Argument(name, ElementType.F32, count, false);
    }

    Tensor in(DeviceBuffer buffer, long byteOffset, long elements) {
      return switch (type) {
        case BF16 -> buffer.bf16(byteOffset / Short.BYTES, elements);
        case F32 -> buffer.floats(byteOffset / Float.BYTES, elements);
        case U8 -> buffer.pixels(byteOffset, elements);
        default -> throw new IllegalStateException(type.toString());
      };
    }
  }

  private record Signature(Operation operation, Argument... arguments) {}

  private Map<String, Signature> operations() {
    long x = 2 * 5 * 4 * 8;
    long w = 9 * 2 * 2 * 8;
    long y = 2 * 4 * 3 * 16;
    long pooled = 2 * 2 * 16;
    var all = new LinkedHashMap<String, Signature>();
    all.put(
        "pack",
        new Signature(
            t -> Bf16Packing.pack(stream, 2, 3, 4, t[0], t[1]),
            Argument.floats("x", 24),
            Argument.bf16("packed", 64)));
    all.put(
        "unpack",
        new Signature(
            t -> Bf16Packing.unpack(stream, 2, 3, 4, t[0], t[1]),
            Argument.bf16("packed", 64),
            Argument.floats("x", 24)));
    all.put(
        "gemm",
        new Signature(
            t -> Bf16Gemm.gemm(stream, GEMM, t[0], t[1], t[2]),
            Argument.bf16("a", 32),
            Argument.bf16("b", 128),
            Argument.bf16("c", 16)));
    all.put(
        "conv2d_forward",
        new Signature(
            t -> Bf16Convolution.forward(stream, CONV, t[0], t[1], t[2], t[3]),
            Argument.bf16("x", x),
            Argument.bf16("w", w),
            new Argument("bias", ElementType.F32, 9, true),
            Argument.bf16("y", y)));
    all.put(
        "conv2d_grad_input",
        new Signature(
            t -> Bf16Convolution.gradInput(stream, CONV, t[0], t[1], t[2]),
            Argument.bf16("gradZ", y),
            Argument.bf16("w", w),
            Argument.bf16("gradX", x)));
    all.put(
        "conv2d_grad_weights",
        new Signature(
            t -> Bf16Convolution.gradWeights(stream, CONV, t[0], t[1], t[2]),
            Argument.bf16("x", x),
            Argument.bf16("gradZ", y),
            Argument.floats("gradW", 9 * 3 * 2 * 2)));
    all.put(
        "conv2d_pool_forward",
        new Signature(
            t -> Bf16PooledConvolution.forward(stream, CONV, t[0], t[1], t[2], t[3], t[4]),
            Argument.bf16("x", x),
            Argument.bf16("w", w),
            new Argument("bias", ElementType.F32, 9, true),
            Argument.bf16("y", pooled),
            new Argument("argmax", ElementType.U8, pooled, true)));
    all.put(
        "conv2d_pool_backward",
        new Signature(
            t -> Bf16PooledConvolution.backward(stream, CONV, t[0], t[1], t[2], t[3], t[4]),
            Argument.bf16("y", pooled),
            new Argument("argmax", ElementType.U8, pooled, false),
            Argument.bf16("gradY", pooled),
            Argument.bf16("gradZ", y),
            new Argument("gradBias", ElementType.F32, 9, true)));
    all.put(
        "activation_backward",
        new Signature(
            t -> Bf16Activations.backward(stream, Activation.RELU, 0, 6, 9, t[0], t[1], t[2], t[3]),
            Argument.bf16("y", 96),
            Argument.bf16("gradY", 96),
            Argument.bf16("gradZ", 96),
            new Argument("gradBias", ElementType.F32, 9, true)));
    all.put(
        "pool2d_forward",
        new Signature(
            t -> Bf16Pooling.forward(stream, POOL, t[0], t[1], t[2]),
            Argument.bf16("x", 512),
            Argument.bf16("y", 128),
            new Argument("argmax", ElementType.U8, 128, true)));
    all.put(
        "pool2d_backward",
        new Signature(
            t -> Bf16Pooling.backward(stream, POOL, t[0], t[1], t[2]),
            Argument.bf16("gradY", 128),
            new Argument("argmax", ElementType.U8, 128, false),
            Argument.bf16("gradX", 512)));
    return all;
  }

  @Test
  void nullIsRefusedByName() {
    operations()
        .forEach(
            (name, signature) ->
                with(
                    signature,
                    t -> {
                      for (int i = 0; i < t.length; i++) {
                        if (!signature.arguments[i].nullable) {
                          Tensor[] changed = t.clone();
                          changed[i] = null;
                          assertEquals(
                              signature.arguments[i].name,
                              thrown(NullPointerException.class, name, signature, changed));
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
                    signature,
                    t -> {
                      for (int i = 0; i < t.length; i++) {
                        Argument argument = signature.arguments[i];
                        Tensor[] changed = t.clone();
                        changed[i] = t[i].slice(0, argument.count - 1);
                        String text =
                            thrown(IllegalArgumentException.class, name, signature, changed);
                        assertTrue(
                            text.startsWith(
                                "%s needs at least %d elements, has %d: "
                                    .formatted(argument.name, argument.count, argument.count - 1)),
                            name + ": " + text);
                      }
                    }));
  }

  @Test
  void theWrongElementTypeIsRefused() {
    operations()
        .forEach(
            (name, signature) ->
                with(
                    signature,
                    t -> {
                      for (int i = 0; i < t.length; i++) {
                        Argument argument = signature.arguments[i];
                        try (DeviceBuffer other = device.allocateFloats("other", argument.count)) {
                          Tensor[] changed = t.clone();
                          changed[i] = other.ints();
                          String text =
                              thrown(IllegalArgumentException.class, name, signature, changed);
                          assertTrue(
                              text.startsWith(
                                  "%s must have elements of type %s, was: I32 "
                                      .formatted(argument.name, argument.type)),
                              name + ": " + text);
                        }
                      }
                    }));
  }

  /** The last argument is written, or read beside what is; it shares 32 bytes with each other. */
  @Test
  void overlapIsRefused() {
    operations()
        .forEach(
            (name, signature) ->
                with(
                    signature,
                    t -> {
                      int last = t.length - 1;
                      Argument end = signature.arguments[last];
                      for (int i = 0; i < last; i++) {
                        Argument argument = signature.arguments[i];
                        long bytes = (argument.count * argument.type.bytes() + 31) / 32 * 32;
                        try (DeviceBuffer shared =
                            device.allocate("shared", bytes + end.count * end.type.bytes())) {
                          Tensor[] changed = t.clone();
                          changed[i] = argument.in(shared, 0, argument.count);
                          changed[last] = end.in(shared, 0, end.count);
                          String text =
                              thrown(IllegalArgumentException.class, name, signature, changed);
                          assertTrue(text.contains(" overlaps "), name + ": " + text);
                        }
                      }
                    }));
  }

  private void with(Signature signature, Operation body) {
    long bytes = 0;
    for (Argument argument : signature.arguments) {
      bytes += (argument.count * argument.type.bytes() + 15) / 16 * 16;
    }
    try (DeviceBuffer buffer = device.allocate("arguments", bytes)) {
      Tensor[] tensors = new Tensor[signature.arguments.length];
      long at = 0;
      for (int i = 0; i < tensors.length; i++) {
        Argument argument = signature.arguments[i];
        tensors[i] = argument.in(buffer, at, argument.count);
        at += (argument.count * argument.type.bytes() + 15) / 16 * 16;
      }
      body.run(tensors);
    }
  }

  private static String thrown(
      Class<? extends Exception> type, String name, Signature signature, Tensor... tensors) {
    return assertThrows(type, () -> signature.operation.run(tensors), name).getMessage();
  }
}

package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.OperationCatalogue.Signature;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * What every operation refuses, in every argument: null, too few elements, the wrong element type,
 * another device, a closed buffer, overlap, a closed stream, another thread's stream.
 */
class OperationArgumentsTest extends DeviceTest {
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

  @Test
  void exactArgumentsAreTaken() {
    OperationCatalogue.of(stream, sgd, adam)
        .forEach(
            (name, signature) ->
                with(device, signature, t -> signature.operation().run(stream, t)));
  }

  @Test
  void nullIsRefusedByName() {
    OperationCatalogue.of(stream, sgd, adam)
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
                              () -> signature.operation().run(null, t)));
                      for (int i = 0; i < t.length; i++) {
                        Tensor[] changed = t.clone();
                        changed[i] = null;
                        if (signature.nullable(i)) {
                          signature.operation().run(stream, changed);
                        } else {
                          assertEquals(
                              signature.name(i),
                              thrown(
                                  NullPointerException.class,
                                  name,
                                  () -> signature.operation().run(stream, changed)));
                        }
                      }
                    }));
  }

  @Test
  void tooFewElementsAreRefusedWithWhatIsNeeded() {
    OperationCatalogue.of(stream, sgd, adam)
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
                                () -> signature.operation().run(stream, changed));
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
    OperationCatalogue.of(stream, sgd, adam)
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
                                () -> signature.operation().run(stream, changed));
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
      OperationCatalogue.of(stream, sgd, adam)
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
                                () -> signature.operation().run(stream, changed));
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
                                () -> signature.operation().run(stream, changed));
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
    OperationCatalogue.of(stream, sgd, adam)
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
                                () -> signature.operation().run(closed, t)))));
  }

  /**
   * The last argument is an output of every operation; one element shared with any other argument
   * is refused.
   */
  @Test
  void overlapIsRefused() {
    OperationCatalogue.of(stream, sgd, adam)
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
                        signature.operation().run(stream, changed);
                        changed[last] = shared.floats(first - 1, signature.count(last));
                        if (first == 1) {
                          return;
                        }
                        String message =
                            thrown(
                                IllegalArgumentException.class,
                                name,
                                () -> signature.operation().run(stream, changed));
                        assertTrue(message.contains(" overlaps "), name + ": " + message);
                      }
                    });
              }
            });
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
}

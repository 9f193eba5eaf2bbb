package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.ops.Elementwise;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Streams: their team, their one thread, their end. */
class StreamTest extends DeviceTest {
  @Test
  void teamsHaveTheThreadsAskedFor() {
    if (kind == DeviceKind.CPU) {
      assertEquals(2, stream.threads());
      for (int threads : new int[] {1, 3, 8}) {
        try (Stream team = device.openStream(threads)) {
          assertEquals(threads, team.threads());
        }
      }
      try (Stream all = device.openStream(0)) {
        assertEquals(device.info().computeUnits(), all.threads());
      }
    } else {
      assertEquals(1, stream.threads());
      assertThrows(AzulejoException.class, () -> device.openStream(2));
    }
  }

  /** Only a CUDA device has one; the emulated device's is of no use to a vendor's library. */
  @Test
  void nativeStream() {
    if (kind == DeviceKind.CPU) {
      UnsupportedProblemException e =
          assertThrows(UnsupportedProblemException.class, stream::nativeStream);
      assertTrue(e.getMessage().contains("no CUstream"), e.getMessage());
    } else {
      assertTrue(stream.nativeStream().address() != 0);
    }
  }

  @Test
  void anotherThreadIsRefusedUntilItIsHandedOver() throws InterruptedException {
    try (DeviceBuffer buffer = device.allocateFloats("x", 4)) {
      Tensor x = buffer.floats();
      Thread here = Thread.currentThread();
      Throwable refused = onThread("worker", () -> Elementwise.fill(stream, 4, 1, x));
      assertInstanceOf(IllegalStateException.class, refused);
      assertTrue(
          refused
              .getMessage()
              .startsWith(
                  "stream of device "
                      + kind
                      + " 0 is bound to "
                      + here
                      + ", but was used by Thread["),
          refused.getMessage());
      assertTrue(
          refused
              .getMessage()
              .endsWith(
                  "; open a stream for each thread, or hand it over with bindToCurrentThread()"));
      assertInstanceOf(IllegalStateException.class, onThread("worker", stream::close));
      assertInstanceOf(IllegalStateException.class, onThread("worker", stream::synchronize));
      assertInstanceOf(
          IllegalStateException.class, onThread("worker", () -> stream.workspace().reserve(10)));
      assertTrue(stream.isOpen());
      assertNull(
          onThread(
              "worker",
              () -> {
                stream.bindToCurrentThread();
                Elementwise.fill(stream, 4, 2, x);
                stream.synchronize();
              }));
      assertThrows(IllegalStateException.class, () -> x.toArray(stream));
      stream.bindToCurrentThread();
      assertEquals(2f, x.toArray(stream)[3]);
    }
  }

  @Test
  void streamsOfTwoThreadsWorkSideBySide() throws InterruptedException {
    try (DeviceBuffer buffer = device.allocateFloats("x", 20_000)) {
      Tensor x = buffer.floats(0, 10_000);
      Tensor y = buffer.floats(10_000, 10_000);
      Executable work =
          () -> {
            try (Stream own = device.openStream(0)) {
              for (int i = 0; i <= 200; i++) {
                Elementwise.fill(own, 10_000, i, y);
              }
              own.synchronize();
            }
          };
      var failure = new Throwable[1];
      Thread worker = start("worker", work, failure);
      for (int i = 0; i <= 300; i++) {
        Elementwise.fill(stream, 10_000, i, x);
      }
      worker.join();
      assertNull(failure[0]);
      assertEquals(300f, x.toArray(stream)[9_999]);
      assertEquals(200f, y.toArray(stream)[0]);
    }
  }

  @Test
  void closingTwiceIsFineAndUseAfterIsRefused() {
    Stream other = device.openStream(0);
    other.workspace().reserve(64);
    assertEquals(64, device.memory().liveBytes());
    other.close();
    other.close();
    assertFalse(other.isOpen());
    assertEquals(0, device.memory().liveBytes(), "its workspace went with it");
    try (DeviceBuffer buffer = device.allocateFloats("x", 4)) {
      String closed = "stream of device " + kind + " 0 is closed";
      for (Executable use :
          new Executable[] {
            other::synchronize,
            other::bindToCurrentThread,
            () -> other.workspace().reserve(10),
            () -> buffer.floats().toArray(other),
            () -> Elementwise.fill(other, 4, 1, buffer.floats())
          }) {
        assertEquals(closed, assertThrows(IllegalStateException.class, use).getMessage());
      }
    }
  }

  /** While one thread computes, no other can free what it computes with; and nothing crashes. */
  @Test
  void closingUnderARunningOperationIsRefused() throws InterruptedException {
    var started = new CountDownLatch(1);
    var stop = new AtomicBoolean();
    DeviceBuffer buffer = device.allocateFloats("busy", 1 << 20);
    Tensor x = buffer.floats();
    var failure = new Throwable[1];
    Thread worker =
        start(
            "worker",
            () -> {
              try (Stream own = device.openStream(0)) {
                started.countDown();
                while (!stop.get()) {
                  Elementwise.fill(own, 1 << 20, 1, x);
                }
              }
            },
            failure);
    started.await();
    String message = null;
    for (int i = 0; i < 100_000 && buffer.isOpen(); i++) {
      try {
        buffer.close();
      } catch (IllegalStateException e) {
        message = e.getMessage();
      }
    }
    stop.set(true);
    worker.join();
    buffer.close();
    // Either it was in use at every try, or it was closed between two operations; the worker then
    // was refused.
    if (message != null) {
      assertEquals(
          "buffer 'busy' (4194304 bytes) of device "
              + kind
              + " 0 is in use by an operation on another thread; wait for it before closing",
          message);
    }
    if (failure[0] != null) {
      // The generated bindings wrap what the JDK says of memory that is closed in the middle of the
      // checks.
      Throwable cause = failure[0] instanceof AssertionError ? failure[0].getCause() : failure[0];
      assertInstanceOf(IllegalStateException.class, cause);
    }
  }

  private static Throwable onThread(String name, Executable work) throws InterruptedException {
    var failure = new Throwable[1];
    start(name, work, failure).join();
    return failure[0];
  }

  private static Thread start(String name, Executable work, Throwable[] failure) {
    return Thread.ofPlatform()
        .name(name)
        .start(
            () -> {
              try {
                work.execute();
              } catch (Throwable e) {
                failure[0] = e;
              }
            });
  }
}

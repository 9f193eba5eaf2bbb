package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.ops.Elementwise;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Recording and replay, on devices that have it, and the refusal of the CPU, which has not. */
class GraphTest extends DeviceTest {
  private static final int COUNT = 100;

  /** Two operations, the second of which depends on the first. */
  private void step(Tensor x, Tensor y) {
    Elementwise.axpy(stream, COUNT, 2, x, y);
    Elementwise.scale(stream, COUNT, 0.5f, y);
  }

  private Graph record(Tensor x, Tensor y) {
    return stream.capture(() -> step(x, y));
  }

  private boolean refuses(Runnable work) {
    if (kind != DeviceKind.CPU) {
      return false;
    }
    var e = assertThrows(UnsupportedProblemException.class, () -> stream.capture(work));
    assertEquals("azj_graph_begin", e.function());
    assertTrue(e.getMessage().contains("graph"), e.getMessage());
    return true;
  }

  @Test
  void replayEqualsTheCallsBitForBit() {
    try (DeviceBuffer memory = device.allocateFloats("x", 3 * COUNT)) {
      Tensor x = memory.floats(0, COUNT);
      Tensor eager = memory.floats(COUNT, COUNT);
      Tensor replayed = memory.floats(2 * COUNT, COUNT);
      Elementwise.fill(stream, COUNT, 1.1f, x);
      Elementwise.fill(stream, 2 * COUNT, 0.3f, memory.floats(COUNT, 2 * COUNT));
      if (refuses(() -> step(x, replayed))) {
        return;
      }
      try (Graph graph = record(x, replayed)) {
        assertEquals(2, graph.size());
        assertSame(stream, graph.stream());
        assertEquals(0.3f, replayed.toArray(stream)[0], "recording runs nothing");
        for (int i = 0; i < 4; i++) {
          step(x, eager);
          graph.launch();
        }
      }
      assertArrayEquals(eager.toArray(stream), replayed.toArray(stream));
    }
  }

  /** Each run copies from and to the host memory anew. */
  @Test
  void asynchronousCopiesAreRecorded() {
    try (DeviceBuffer memory = device.allocateFloats("x", 4);
        HostBuffer in = device.allocateHost("in", 16);
        HostBuffer out = device.allocateHost("out", 16)) {
      Tensor x = memory.floats();
      Runnable work =
          () -> {
            x.uploadAsync(stream, 4, in);
            Elementwise.scale(stream, 4, 10, x);
            x.downloadAsync(stream, 4, out);
          };
      if (refuses(work)) {
        return;
      }
      try (Graph graph = stream.capture(work)) {
        for (int run = 1; run <= 3; run++) {
          in.segment().setAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, 3, run);
          graph.launch();
          stream.synchronize();
          assertEquals(
              10f * run, out.segment().getAtIndex(java.lang.foreign.ValueLayout.JAVA_FLOAT, 3));
        }
      }
    }
  }

  @Test
  void whatCannotBeRecordedIsRefusedAndTheStreamGoesOn() {
    try (DeviceBuffer memory = device.allocateFloats("x", COUNT)) {
      Tensor x = memory.floats();
      if (refuses(() -> {})) {
        return;
      }
      assertInvalid("nothing was recorded", () -> stream.capture(() -> {}));
      assertInvalid("azj_synchronize()", () -> stream.capture(stream::synchronize));
      assertInvalid("azj_download()", () -> stream.capture(() -> x.toArray(stream)));
      assertInvalid("second graph", () -> stream.capture(() -> record(x, x)));
      var failure = new IllegalStateException("of the work");
      assertSame(
          failure,
          assertThrows(
              IllegalStateException.class,
              () ->
                  stream.capture(
                      () -> {
                        Elementwise.fill(stream, COUNT, 1, x);
                        throw failure;
                      })));
      Elementwise.fill(stream, COUNT, 3, x);
      assertEquals(3f, x.toArray(stream)[0]);
    }
  }

  @Test
  void freedMemoryAndClosedStreamsAreNamed() {
    if (refuses(() -> {})) {
      return;
    }
    Stream other = device.openStream(0);
    DeviceBuffer memory = device.allocateFloats("x", COUNT);
    Tensor x = memory.floats();
    Graph graph = other.capture(() -> Elementwise.fill(other, COUNT, 1, x));
    memory.close();
    assertInvalid("has been freed; close the graph and record it anew", graph::launch);
    other.close();
    assertEquals(
        "graph of 1 operations of stream of device " + kind + " 0 is closed, with its stream",
        assertThrows(IllegalStateException.class, graph::launch).getMessage());
    graph.close();
    graph.close();
  }

  @Test
  void aGraphBelongsToItsStreamsThread() throws InterruptedException {
    try (DeviceBuffer memory = device.allocateFloats("x", COUNT)) {
      Tensor x = memory.floats();
      if (refuses(() -> {})) {
        return;
      }
      try (Graph graph = stream.capture(() -> Elementwise.fill(stream, COUNT, 1, x))) {
        var seen = new AtomicReference<Throwable>();
        Thread thread =
            new Thread(() -> seen.set(assertThrows(IllegalStateException.class, graph::launch)));
        thread.start();
        thread.join();
        assertTrue(seen.get().getMessage().contains("is bound to"), seen.get().getMessage());
      }
    }
  }

  private static void assertInvalid(String text, org.junit.jupiter.api.function.Executable call) {
    var e = assertThrows(AzulejoException.class, call);
    assertEquals(Status.INVALID_ARGUMENT, e.status());
    assertTrue(e.getMessage().contains(text), e.getMessage());
  }
}

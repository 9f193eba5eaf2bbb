package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.reference.ConvCase;
import dev.azulejo.reference.Samples;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A pass writes nothing beyond the workspace it asked for, and does not rely on what is in it: it
 * is filled with NaN, and sentinels lie on both sides. The workspace is passed to the native
 * function directly, as Java hands out whole buffers.
 */
class WorkspaceBoundsTest extends DeviceTest {
  private static final int GUARD = 64; // floats: keeps the workspace as aligned as an allocation
  private static final int SENTINEL = 0x7fc0beef;

  static List<ConvCase> cases() {
    return ConvCase.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void staysInsideT15(ConvCase c) {
    var samples = new Samples(91);
    for (ConvCase.Way way : c.ways(device.info())) {
      Conv2dProblem problem = c.problem(way, Activation.IDENTITY);
      for (Stream s : teams()) {
        try (Guarded x = Guarded.of(s, "x", samples.uniform(problem.inputCount()));
            Guarded w = Guarded.of(s, "w", samples.uniform(problem.weightCount()));
            Guarded z = Guarded.of(s, "z", samples.uniform(problem.outputCount()))) {
          for (ConvPass pass : ConvPass.values()) {
            run(s, problem, pass, x, w, z);
          }
          for (Guarded result : List.of(x, w, z)) {
            for (float value : result.written()) {
              assertEquals(value, value, "NaN came from the workspace");
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("pooled")
  void poolingStaysInsideT11(ConvCase c) {
    var samples = new Samples(92);
    for (ConvCase.Way way : c.ways(device.info())) {
      Conv2dProblem problem = c.problem(way, Activation.RELU);
      for (Stream s : teams()) {
        try (Guarded x = Guarded.of(s, "x", samples.uniform(problem.inputCount()));
            Guarded w = Guarded.of(s, "w", samples.uniform(problem.weightCount()));
            Guarded y = Guarded.output(s, "y", problem.pooledCount());
            Guarded argmax = Guarded.output(s, "argmax", problem.pooledCount())) {
          MemorySegment queue = s.handle();
          MemorySegment indices = argmax.ints().argument(s, ElementType.I32, 1, "argmax");
          guarded(
              s,
              way.toString(),
              PooledConvolution.workspaceBytes(s, problem),
              (workspace, bytes) ->
                  azulejo_h.azj_conv2d_pool_forward(
                      queue,
                      problem.descriptor(),
                      address(s, x.floats()),
                      address(s, w.floats()),
                      MemorySegment.NULL,
                      address(s, y.floats()),
                      indices,
                      workspace,
                      bytes));
          for (float value : y.written()) {
            assertEquals(value, value, "NaN came from the workspace");
          }
        }
      }
    }
  }

  static List<ConvCase> pooled() {
    return ConvCase.pooled();
  }

  private static void run(
      Stream s, Conv2dProblem problem, ConvPass pass, Guarded x, Guarded w, Guarded z) {
    MemorySegment queue = s.handle();
    MemorySegment d = problem.descriptor();
    MemorySegment xs = address(s, x.floats());
    MemorySegment ws = address(s, w.floats());
    MemorySegment zs = address(s, z.floats());
    guarded(
        s,
        pass.toString(),
        Convolution.workspaceBytes(s, problem, pass),
        (workspace, bytes) ->
            switch (pass) {
              case FORWARD ->
                  azulejo_h.azj_conv2d_forward(
                      queue, d, xs, ws, MemorySegment.NULL, zs, workspace, bytes);
              case GRAD_INPUT ->
                  azulejo_h.azj_conv2d_grad_input(queue, d, zs, ws, xs, workspace, bytes);
              case GRAD_WEIGHTS ->
                  azulejo_h.azj_conv2d_grad_weights(queue, d, xs, zs, ws, workspace, bytes);
            });
  }

  /** A native call with a workspace of so many bytes; returns its status. */
  private interface Call {
    int with(MemorySegment workspace, long bytes);
  }

  private static void guarded(Stream s, String what, long bytes, Call call) {
    int floats = Math.toIntExact((bytes + 3) / 4);
    int[] poison = new int[floats + 2 * GUARD];
    Arrays.fill(poison, SENTINEL);
    try (DeviceBuffer buffer = s.device().allocateFloats("guarded workspace", poison.length)) {
      buffer.ints().upload(s, poison);
      MemorySegment workspace =
          floats == 0 ? MemorySegment.NULL : address(s, buffer.floats(GUARD, floats));
      int status = call.with(workspace, bytes);
      assertEquals(0, status, () -> azulejo_h.azj_last_error().getString(0));
      int[] after = buffer.ints().toIntArray(s);
      for (int i = 0; i < GUARD; i++) {
        assertEquals(SENTINEL, after[i], what + ": before the workspace");
        assertEquals(SENTINEL, after[GUARD + floats + i], what + ": behind the workspace");
      }
    }
  }

  private static MemorySegment address(Stream s, Tensor tensor) {
    return tensor.argument(s, ElementType.F32, 1, "argument");
  }
}

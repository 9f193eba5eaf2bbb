package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Status;
import dev.azulejo.device.UnsupportedProblemException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Which algorithms a device has, and what it says of those it has not. */
class AlgorithmTest extends DeviceTest {
  /** The numbers of azulejo.h are those of the ladder, in its order. */
  @Test
  void codesAreTheOrderOfTheLadder() {
    for (GemmAlgorithm algorithm : GemmAlgorithm.values()) {
      assertEquals(algorithm.ordinal(), algorithm.code());
      assertEquals(algorithm, GemmAlgorithm.of(algorithm.code()));
    }
    for (ConvAlgorithm algorithm : ConvAlgorithm.values()) {
      assertEquals(algorithm.ordinal(), algorithm.code());
      assertEquals(algorithm, ConvAlgorithm.of(algorithm.code()));
    }
    String unknown =
        assertThrows(IllegalStateException.class, () -> GemmAlgorithm.of(10)).getMessage();
    assertEquals(
        "the native library names GEMM algorithm 10, which these bindings do not know", unknown);
  }

  @Test
  void howManyADeviceHas() {
    long gemms = Arrays.stream(GemmAlgorithm.values()).filter(a -> a.runsOn(device.info())).count();
    long convs = Arrays.stream(ConvAlgorithm.values()).filter(a -> a.runsOn(device.info())).count();
    boolean tensorCores = device.info().capability() >= 80;
    boolean hopper = device.info().capability() == 90;
    assertEquals(kind == DeviceKind.CPU ? 1 : hopper ? 10 : tensorCores ? 8 : 6, gemms);
    assertEquals(kind == DeviceKind.CPU ? 5 : hopper ? 10 : tensorCores ? 8 : 6, convs);
  }

  /** What runsOn says is what the device does; where it does not, it says what it has. */
  @Test
  void gemmsThatTheDeviceHasNotAreRefusedT18() {
    try (Guarded a = Guarded.of(stream, "a", new float[6]);
        Guarded b = Guarded.of(stream, "b", new float[6]);
        Guarded c = Guarded.output(stream, "c", 4)) {
      for (GemmAlgorithm algorithm : GemmAlgorithm.values()) {
        GemmProblem problem = GemmProblem.of(2, 2, 3).algorithm(algorithm).build();
        Executable run = () -> Gemm.gemm(stream, problem, a.floats(), b.floats(), c.floats());
        expect(algorithm.runsOn(device.info()), "azj_gemm", algorithm.code(), run);
      }
    }
  }

  @Test
  void convolutionsThatTheDeviceHasNotAreRefused() {
    for (ConvAlgorithm algorithm : ConvAlgorithm.values()) {
      Conv2dProblem problem =
          Conv2dProblem.builder().input(1, 4, 4).filters(2).kernel(3).algorithm(algorithm).build();
      for (ConvPass pass : ConvPass.values()) {
        boolean has = algorithm.runsOn(device.info());
        Executable choice = () -> Convolution.algorithm(stream, problem, pass);
        expect(has, "azj_conv2d_algorithm", algorithm.code(), choice);
        Executable bytes = () -> Convolution.workspaceBytes(stream, problem, pass);
        expect(has, "azj_conv2d_workspace_bytes", algorithm.code(), bytes);
      }
      try (Guarded x = Guarded.of(stream, "x", new float[16]);
          Guarded w = Guarded.of(stream, "w", new float[18]);
          Guarded y = Guarded.output(stream, "y", 8)) {
        stream.workspace().reserve(1 << 20);
        expect(
            algorithm.runsOn(device.info()),
            "azj_conv2d_forward",
            algorithm.code(),
            () -> Convolution.forward(stream, problem, x.floats(), w.floats(), null, y.floats()));
      }
    }
  }

  /** T18: the rungs of one block end at 1024 elements of C; 1024 they still do. */
  @Test
  void theRungsOfOneBlockHaveALimitT18() {
    for (GemmAlgorithm algorithm :
        new GemmAlgorithm[] {GemmAlgorithm.ONE_BLOCK, GemmAlgorithm.ONE_BLOCK_SHARED}) {
      for (long n : new long[] {32, 33}) {
        GemmProblem problem = GemmProblem.of(32, n, 2).algorithm(algorithm).build();
        try (Guarded a = Guarded.of(stream, "a", new float[64]);
            Guarded b = Guarded.of(stream, "b", new float[(int) (2 * n)]);
            Guarded c = Guarded.output(stream, "c", 32 * n)) {
          Executable run = () -> Gemm.gemm(stream, problem, a.floats(), b.floats(), c.floats());
          if (algorithm.runsOn(device.info()) && n == 33) {
            String message = assertThrows(UnsupportedProblemException.class, run).getMessage();
            assertTrue(message.contains("at most 1024; C is 32 x 33 = 1056"), message);
            c.assertUnchanged();
          } else {
            expect(algorithm.runsOn(device.info()), "azj_gemm", algorithm.code(), run);
          }
        }
      }
    }
  }

  private void expect(boolean has, String function, int code, Executable run) {
    if (has) {
      assertDoesNotThrow(run);
      return;
    }
    var e = assertThrows(UnsupportedProblemException.class, run);
    assertEquals(Status.UNSUPPORTED, e.status());
    assertEquals(function, e.function());
    String right = kind == DeviceKind.CPU ? " is a CUDA kernel; " : "";
    assertTrue(e.getMessage().contains(right), e.getMessage());
    assertTrue(e.getMessage().contains(Integer.toString(code)), e.getMessage());
  }
}

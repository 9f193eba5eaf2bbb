package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.NativeLibraries;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** native/emulation/azj_emulation.h: failures for the emulated CUDA devices to report. */
public final class Emulation {
  private static final MethodHandle INJECT =
      function(
          "azj_emulation_inject",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT));
  private static final MethodHandle CALLS =
      function(
          "azj_emulation_calls",
          FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
  private static final MethodHandle RESET =
      function("azj_emulation_reset", FunctionDescriptor.ofVoid());

  private Emulation() {}

  /** The numbers of CUDA's errors, cudaError_t. */
  public enum CudaError {
    MEMORY_ALLOCATION(2),
    INVALID_CONFIGURATION(9),
    INSUFFICIENT_DRIVER(35),
    NO_DEVICE(100),
    NO_KERNEL_IMAGE(209),
    ECC_UNCORRECTABLE(214),
    ILLEGAL_ADDRESS(700),
    LAUNCH_OUT_OF_RESOURCES(701),
    LAUNCH_FAILURE(719);

    private final int number;

    CudaError(int number) {
      this.number = number;
    }
  }

  /** The next call of a function of the CUDA run time fails. */
  public static void failNext(String cudaFunction, CudaError error) {
    failNth(cudaFunction, 1, error);
  }

  /** The nth call from now on, 1 being the next, fails. */
  public static void failNth(String cudaFunction, int nth, CudaError error) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(cudaFunction);
      int result = (int) INJECT.invokeExact(name, nth, error.number);
      assertEquals(0, result, "the emulation has no function " + cudaFunction);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** How often a function of the CUDA run time was called since the last reset. */
  public static int calls(String cudaFunction) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(1 << 16);
      long needed = (long) CALLS.invokeExact(text, text.byteSize());
      assertTrue(needed <= text.byteSize());
      return text.getString(0)
          .lines()
          .filter(line -> line.startsWith(cudaFunction + " "))
          .mapToInt(line -> Integer.parseInt(line.substring(cudaFunction.length() + 1)))
          .sum();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  /** Everything as at the start of the process, lost devices too; all devices must be closed. */
  public static void reset() {
    try {
      RESET.invokeExact();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    NativeLibraries.loadAzulejo();
    MemorySegment address =
        SymbolLookup.loaderLookup()
            .find(name)
            .orElseThrow(
                () ->
                    new AssertionError(
                        "the loaded library has no emulation: " + NativeLibraries.describe()));
    return Linker.nativeLinker().downcallHandle(address, descriptor);
  }
}

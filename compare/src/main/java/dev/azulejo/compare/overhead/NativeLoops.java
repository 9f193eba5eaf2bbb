package dev.azulejo.compare.overhead;

import dev.azulejo.bindings.NativeLibraries;
import dev.azulejo.bindings.azulejo.azulejo_h;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;

/** The loops of native/benchmarks/calls.c, and functions by their address. */
final class NativeLoops {
  static final AddressLayout POINTER = ValueLayout.ADDRESS;
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private static final String RESOURCE = "/natives/linux-x86_64/libazulejo_calls.so";
  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LOOPS = open();

  private NativeLoops() {}

  /** A loop of calls.c. */
  static MethodHandle loop(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(LOOPS.find(name).orElseThrow(), type);
  }

  /**
   * The address of a function of a library that this process has loaded.
   *
   * @throws IllegalStateException if there is none
   */
  static MemorySegment address(String function) {
    NativeLibraries.loadAzulejo();
    return SymbolLookup.loaderLookup()
        .find(function)
        .orElseThrow(() -> new IllegalStateException("no library here has " + function));
  }

  /** An ordinary call, as the generated bindings make it. */
  static MethodHandle call(MemorySegment function, FunctionDescriptor type) {
    return LINKER.downcallHandle(function, type);
  }

  /**
   * A critical call: the thread stays in Java's state, so that the garbage collector waits for it.
   *
   * @param heap whether it may be given arrays
   */
  static MethodHandle critical(MemorySegment function, FunctionDescriptor type, boolean heap) {
    return LINKER.downcallHandle(function, type, Linker.Option.critical(heap));
  }

  /** A status, as an error where it is none. */
  static void check(int status) {
    if (status != azulejo_h.AZJ_OK()) {
      throw new IllegalStateException(azulejo_h.azj_last_error().getString(0));
    }
  }

  /** What a method handle threw; only errors of the linker can be. */
  static AssertionError unexpected(Throwable thrown) {
    return new AssertionError(thrown);
  }

  private static SymbolLookup open() {
    try (InputStream packed = NativeLoops.class.getResourceAsStream(RESOURCE)) {
      if (packed == null) {
        throw new IOException("azulejo-compare.jar has no " + RESOURCE);
      }
      Path file = Files.createTempFile("azulejo-calls-", ".so");
      try {
        Files.write(file, packed.readAllBytes());
        return SymbolLookup.libraryLookup(file, Arena.global());
      } finally {
        Files.delete(file); // mapped by now
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the loops in C cannot be loaded: " + e.getMessage(), e);
    }
  }
}

package dev.azulejo.bindings;

import dev.azulejo.bindings.cublas.cublas_h;
import dev.azulejo.bindings.cudnn.cudnn_h;
import dev.azulejo.bindings.dnnl.dnnl_h;
import dev.azulejo.bindings.dnnl.dnnl_version_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.function.Supplier;

/**
 * Asks a vendor's library, right after it was loaded, which version it is, and refuses another
 * major one: its functions may have the same names and other parameters.
 */
final class VendorVersion {
  private VendorVersion() {}

  static LoadedLibrary cublas(Attempt loaded) {
    return check(
        "cuBLAS",
        cublas_h.CUBLAS_VER_MAJOR(),
        "cublasGetProperty",
        loaded,
        () -> {
          int[] parts = new int[3];
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(cublas_h.C_INT);
            for (int i = 0; i < parts.length; i++) {
              int status = cublas_h.cublasGetProperty(i, value);
              if (status != cublas_h.CUBLAS_STATUS_SUCCESS()) {
                throw new NativeLibraryException("cublasGetProperty: status " + status);
              }
              parts[i] = value.get(cublas_h.C_INT, 0);
            }
          }
          return parts;
        });
  }

  static LoadedLibrary cudnn(Attempt loaded) {
    return check(
        "cuDNN",
        cudnn_h.CUDNN_MAJOR(),
        "cudnnGetVersion",
        loaded,
        () -> {
          // 90100 is 9.1.0; before 9 it was 8902 for 8.9.2.
          int version = Math.toIntExact(cudnn_h.cudnnGetVersion());
          return version < 10_000
              ? new int[] {version / 1000, version / 100 % 10, version % 100}
              : new int[] {version / 10_000, version / 100 % 100, version % 100};
        });
  }

  static LoadedLibrary dnnl(Attempt loaded) {
    return check(
        "oneDNN",
        dnnl_h.DNNL_VERSION_MAJOR(),
        "dnnl_version",
        loaded,
        () -> {
          MemorySegment version = dnnl_h.dnnl_version().reinterpret(dnnl_version_t.sizeof());
          return new int[] {
            dnnl_version_t.major(version),
            dnnl_version_t.minor(version),
            dnnl_version_t.patch(version)
          };
        });
  }

  private static LoadedLibrary check(
      String name, int major, String symbol, Attempt loaded, Supplier<int[]> query) {
    if (SymbolLookup.loaderLookup().find(symbol).isEmpty()) {
      throw new NativeLibraryException(
          "The library loaded is not %s, or is damaged: it has no function %s.\n"
                  .formatted(name, symbol)
              + place(loaded)
              + "What to do: name the right file, or remove that one.");
    }
    int[] version = NativeAccess.require(query);
    String text = version[0] + "." + version[1] + "." + version[2];
    if (version[0] != major) {
      throw new NativeLibraryException(
          "%s %s does not fit: Azulejo's bindings are for version %d.\n"
                  .formatted(name, text, major)
              + place(loaded)
              + "What to do: install version %d, or name another file.".formatted(major));
    }
    return new LoadedLibrary(name, text, loaded.place(), loaded.found());
  }

  private static String place(Attempt loaded) {
    return "  library: " + loaded.found() + " (" + loaded.place() + ")\n";
  }
}

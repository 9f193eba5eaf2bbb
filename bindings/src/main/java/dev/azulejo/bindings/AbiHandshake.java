package dev.azulejo.bindings;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.lang.foreign.SymbolLookup;

/**
 * Checks, before anything else is called, that the library that was loaded and the bindings were
 * made from the same azulejo.h. Without it a descriptor of another layout would be read as garbage.
 */
final class AbiHandshake {
  private static final String SYMBOL = "azj_abi_version";

  private AbiHandshake() {}

  /** The library, once it is known to speak the ABI of these bindings. */
  static LoadedLibrary check(Attempt loaded) {
    if (SymbolLookup.loaderLookup().find(SYMBOL).isEmpty()) {
      throw new NativeLibraryException(
          "The library loaded is not libazulejo, or is damaged: it has no function "
              + SYMBOL
              + ".\n"
              + places(loaded)
              + "What to do: name the right file, or remove that one.");
    }
    return NativeAccess.require(
        () -> {
          int expected = azulejo_h.AZJ_ABI_VERSION();
          int actual = azulejo_h.azj_abi_version();
          if (actual != expected) {
            throw mismatch(loaded, expected, actual);
          }
          String version = "ABI " + actual + ", " + azulejo_h.azj_build_info().getString(0);
          return new LoadedLibrary("libazulejo", version, loaded.place(), loaded.found());
        });
  }

  private static NativeLibraryException mismatch(Attempt loaded, int expected, int actual) {
    return new NativeLibraryException(
        "The native library and the Java bindings do not fit: the library has ABI version "
            + actual
            + ", the bindings need "
            + expected
            + ".\n"
            + places(loaded)
            + "What to do: use azulejo-native and azulejo-bindings of the same version; if a setting names the"
            + " library, rebuild that file from the same sources.");
  }

  private static String places(Attempt loaded) {
    return "  library:  "
        + loaded.found()
        + " ("
        + loaded.place()
        + ")\n"
        + "  bindings: "
        + bindingsOrigin()
        + "\n";
  }

  private static String bindingsOrigin() {
    var source = azulejo_h.class.getProtectionDomain().getCodeSource();
    return source == null
        ? "module " + azulejo_h.class.getModule()
        : source.getLocation().toString();
  }
}

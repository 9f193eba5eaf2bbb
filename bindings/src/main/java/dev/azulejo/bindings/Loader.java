package dev.azulejo.bindings;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The two calls that map a library into this process. They are made from this module, because the
 * generated bindings look symbols up among the libraries of their own class loader.
 */
final class Loader {
  private Loader() {}

  /** Loads a file; empty if that went well, otherwise why it did not. */
  static Optional<String> load(Path file) {
    return reasonOf(() -> System.load(file.toAbsolutePath().toString()));
  }

  /**
   * Loads what the system finds under a name; empty if that went well, otherwise why it did not.
   */
  static Optional<String> loadByName(String library) {
    return reasonOf(() -> System.loadLibrary(library));
  }

  /** What to do where the JVM was told to refuse native access to this module. */
  static String nativeAccessAdvice() {
    Module module = Loader.class.getModule();
    String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
    return "this JVM refuses native access to Azulejo; start it with --enable-native-access="
        + name;
  }

  private static Optional<String> reasonOf(Runnable load) {
    try {
      load.run();
      return Optional.empty();
    } catch (UnsatisfiedLinkError e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } catch (IllegalCallerException e) {
      return Optional.of(nativeAccessAdvice());
    }
  }
}

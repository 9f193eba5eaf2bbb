package dev.azulejo.bindings;

import java.util.function.Supplier;

/** Says what to do where the JVM was told to refuse native access to this module. */
final class NativeAccess {
  private NativeAccess() {}

  /** The result of a query that makes the first native call of a generated class. */
  static <T> T require(Supplier<T> query) {
    try {
      return query.get();
    } catch (IllegalCallerException e) {
      throw new NativeLibraryException(Loader.nativeAccessAdvice(), e);
    } catch (ExceptionInInitializerError e) {
      // The generated class makes its first restricted call while it is initialised.
      if (e.getCause() instanceof IllegalCallerException) {
        throw new NativeLibraryException(Loader.nativeAccessAdvice(), e);
      }
      throw e;
    }
  }
}

package dev.azulejo.bindings;

import java.util.function.Supplier;

/**
 * Loads a library at most once. A failure is remembered as a failure: who asks again gets the same
 * message, and nothing is half loaded a second time. Safe for any number of threads.
 */
final class LoadOnce {
  private final Supplier<LoadedLibrary> loader;
  private volatile LoadedLibrary loaded;
  private volatile NativeLibraryException failure;

  LoadOnce(Supplier<LoadedLibrary> loader) {
    this.loader = loader;
  }

  /** The library, loaded now if nobody has asked before. */
  LoadedLibrary get() {
    LoadedLibrary library = loaded;
    return library != null ? library : load();
  }

  /**
   * What was loaded, or why loading failed, or that nobody has asked yet; loads nothing.
   *
   * @param name what to call the library in the last case
   */
  String describe(String name) {
    if (loaded != null) {
      return loaded.toString();
    }
    return failure != null ? failure.getMessage() : name + ": not loaded, not asked for yet";
  }

  private synchronized LoadedLibrary load() {
    if (failure != null) {
      // A fresh exception has this caller's stack; its cause has the stack of the first attempt.
      throw new NativeLibraryException(failure.getMessage(), failure);
    }
    if (loaded == null) {
      try {
        loaded = loader.get();
      } catch (NativeLibraryException e) {
        failure = e;
        throw e;
      } catch (RuntimeException | LinkageError e) {
        failure = new NativeLibraryException("Unexpected failure while loading a library: " + e, e);
        throw failure;
      }
    }
    return loaded;
  }
}

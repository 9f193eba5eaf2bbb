package dev.azulejo.bindings;

/**
 * A native library could not be found, loaded or used. The message is written for a person: every
 * place that was looked at, what was found there, and what to do.
 *
 * <p>Unchecked, and an exception rather than an {@link Error} like {@link UnsatisfiedLinkError}: a
 * program may well go on without the library, or show the message to its user.
 */
public final class NativeLibraryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NativeLibraryException(String message) {
    super(message);
  }

  NativeLibraryException(String message, Throwable cause) {
    super(message, cause);
  }
}

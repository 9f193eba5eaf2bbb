package dev.azulejo.cli;

import java.util.function.Supplier;

/** The command line asks for something that cannot be: exit code 2. The message says what would. */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** A mistake found by the command line itself. */
  public UsageException(String message) {
    super(message);
  }

  private UsageException(IllegalArgumentException cause) {
    super(cause.getMessage(), cause);
  }

  /** Applies options; an argument that the library refuses is a mistake of the command line. */
  public static <T> T check(Supplier<T> apply) {
    try {
      return apply.get();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }
}

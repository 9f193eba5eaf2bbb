package dev.azulejo.io;

/**
 * A checkpoint cannot be read or written: a file that is missing, truncated, corrupt or does not
 * follow the format, or a target that cannot be written. The message names the file, what was found
 * and what was expected.
 */
public final class CheckpointException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** A failure with no other exception behind it. */
  public CheckpointException(String message) {
    super(message);
  }

  /** A failure and the exception that revealed it. */
  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}

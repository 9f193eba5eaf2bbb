package dev.azulejo.data;

/**
 * A data set cannot be found, read or trusted: a missing, truncated, corrupt, oversized or
 * inconsistent file, a failed download, a sample that cannot be read. The message names the file,
 * what was found and what was expected.
 */
public final class DatasetException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** A failure with no other exception behind it. */
  public DatasetException(String message) {
    super(message);
  }

  /** A failure and the exception that revealed it. */
  public DatasetException(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.azulejo.device;

/**
 * A native function failed. The message holds the function, the status and the library's own text,
 * which says what was asked, what is wrong and what would be right.
 */
public class AzulejoException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The C function that failed. */
  private final String function;

  /** Why it failed. */
  private final Status status;

  AzulejoException(String function, Status status, String text) {
    super(function + ": " + status + ": " + text);
    this.function = function;
    this.status = status;
  }

  /** The C function that failed, such as {@code azj_conv2d_forward}. */
  public String function() {
    return function;
  }

  /** Why it failed. */
  public Status status() {
    return status;
  }
}

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

  /**
   * A failure of a native function, this library's or an engine's.
   *
   * @param function the C function that was called
   * @param status the cause
   * @param text what was asked, what is wrong, what would be right
   */
  public AzulejoException(String function, Status status, String text) {
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

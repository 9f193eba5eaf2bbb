package dev.azulejo.device;

/**
 * A valid problem that this device or algorithm does not do; the message says which limit it meets.
 */
public final class UnsupportedProblemException extends AzulejoException {
  private static final long serialVersionUID = 1L;

  /**
   * A failure of a native function, this library's or an engine's.
   *
   * @param function the C function that was called
   * @param text what was asked, what is wrong, what would be right
   */
  public UnsupportedProblemException(String function, String text) {
    super(function, Status.UNSUPPORTED, text);
  }
}

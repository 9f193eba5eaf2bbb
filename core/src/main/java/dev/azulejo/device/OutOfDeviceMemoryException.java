package dev.azulejo.device;

/**
 * The device cannot give that much memory. The device and everything allocated on it keep working.
 */
public final class OutOfDeviceMemoryException extends AzulejoException {
  private static final long serialVersionUID = 1L;

  /**
   * A failure of a native function, this library's or an engine's.
   *
   * @param function the C function that was called
   * @param text what was asked, what is wrong, what would be right
   */
  public OutOfDeviceMemoryException(String function, String text) {
    super(function, Status.OUT_OF_MEMORY, text);
  }
}

package dev.azulejo.device;

/** The device failed and cannot be used any more. Close it; other devices keep working. */
public final class DeviceLostException extends AzulejoException {
  private static final long serialVersionUID = 1L;

  /**
   * A failure of a native function, this library's or an engine's.
   *
   * @param function the C function that was called
   * @param text what was asked, what is wrong, what would be right
   */
  public DeviceLostException(String function, String text) {
    super(function, Status.DEVICE_LOST, text);
  }
}

package dev.azulejo.device;

/** There is no such device, or this build of the native library has no backend for it. */
public final class DeviceUnavailableException extends AzulejoException {
  private static final long serialVersionUID = 1L;

  /**
   * A failure of a native function, this library's or an engine's.
   *
   * @param function the C function that was called
   * @param text what was asked, what is wrong, what would be right
   */
  public DeviceUnavailableException(String function, String text) {
    super(function, Status.NO_DEVICE, text);
  }
}

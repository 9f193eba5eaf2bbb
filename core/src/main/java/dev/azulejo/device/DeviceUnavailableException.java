package dev.azulejo.device;

/** There is no such device, or this build of the native library has no backend for it. */
public final class DeviceUnavailableException extends AzulejoException {
  private static final long serialVersionUID = 1L;

  DeviceUnavailableException(String function, String text) {
    super(function, Status.NO_DEVICE, text);
  }
}

package dev.azulejo.device;

/** The device failed and cannot be used any more. Close it; other devices keep working. */
public final class DeviceLostException extends AzulejoException {
  private static final long serialVersionUID = 1L;

  DeviceLostException(String function, String text) {
    super(function, Status.DEVICE_LOST, text);
  }
}

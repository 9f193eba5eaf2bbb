package dev.azulejo.device;

/**
 * The device cannot give that much memory. The device and everything allocated on it keep working.
 */
public final class OutOfDeviceMemoryException extends AzulejoException {
  private static final long serialVersionUID = 1L;

  OutOfDeviceMemoryException(String function, String text) {
    super(function, Status.OUT_OF_MEMORY, text);
  }
}

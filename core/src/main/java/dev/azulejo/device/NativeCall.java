package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azulejo_h;

/**
 * Turns the status of a native call into an exception. Every call of a fallible native function
 * goes through {@link #check}; where the status is OK that costs one comparison and allocates
 * nothing.
 */
public final class NativeCall {
  /** The value of AZJ_OK, a constant to the compiler. */
  private static final int OK = 0;

  private NativeCall() {}

  /**
   * Returns where the status is OK.
   *
   * @param status what the function returned, on this thread
   * @param function the C function's name, for the message
   * @throws DeviceUnavailableException for {@link Status#NO_DEVICE}
   * @throws OutOfDeviceMemoryException for {@link Status#OUT_OF_MEMORY}
   * @throws UnsupportedProblemException for {@link Status#UNSUPPORTED}
   * @throws DeviceLostException for {@link Status#DEVICE_LOST}
   * @throws AzulejoException for any other failure
   */
  public static void check(int status, String function) {
    if (status != OK) {
      throw failure(status, function);
    }
  }

  private static AzulejoException failure(int code, String function) {
    Status status = Status.of(code);
    String text = azulejo_h.azj_last_error().getString(0);
    if (text.startsWith(function + ": ")) {
      // The library's text begins with the function, which the exception's message has already.
      text = text.substring(function.length() + 2);
    }
    return switch (status) {
      case NO_DEVICE -> new DeviceUnavailableException(function, text);
      case OUT_OF_MEMORY -> new OutOfDeviceMemoryException(function, text);
      case UNSUPPORTED -> new UnsupportedProblemException(function, text);
      case DEVICE_LOST -> new DeviceLostException(function, text);
      case WORKSPACE_TOO_SMALL ->
          new AzulejoException(
              function,
              status,
              text
                  + " (reserve it on the stream that runs the operation:"
                  + " stream.workspace().reserve(bytes))");
      case UNKNOWN -> new AzulejoException(function, status, "status code " + code + ": " + text);
      default -> new AzulejoException(function, status, text);
    };
  }
}

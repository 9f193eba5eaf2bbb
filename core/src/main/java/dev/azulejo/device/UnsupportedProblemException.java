package dev.azulejo.device;

/**
 * A valid problem that this device or algorithm does not do; the message says which limit it meets.
 */
public final class UnsupportedProblemException extends AzulejoException {
  private static final long serialVersionUID = 1L;

  UnsupportedProblemException(String function, String text) {
    super(function, Status.UNSUPPORTED, text);
  }
}

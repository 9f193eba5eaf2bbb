package dev.azulejo.train;

/** Training cannot go on; the message says where it stopped and why. */
public final class TrainingException extends RuntimeException {
  private static final long serialVersionUID = 1;

  TrainingException(String message) {
    super(message);
  }
}

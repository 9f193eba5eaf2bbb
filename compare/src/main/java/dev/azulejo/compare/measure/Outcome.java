package dev.azulejo.compare.measure;

/** What came of a contestant on a problem: a time, or why there is none. */
public sealed interface Outcome {
  /** It agrees with the reference and was timed. */
  record Timed(Agreement agreement, Times times) implements Outcome {}

  /** It disagrees with the reference: no time. */
  record Disagrees(Agreement agreement) implements Outcome {}

  /** It does not do this problem here, or could not: no time. */
  record Refused(String why) implements Outcome {}

  /** In words, where there is no time. */
  default String reason() {
    return switch (this) {
      case Timed timed -> "";
      case Disagrees(Agreement agreement) -> "DISAGREES: " + agreement.worst();
      case Refused(String why) -> why;
    };
  }
}

package dev.azulejo.compare.measure;

/** What came of a contestant on a problem: a time, or why there is none. */
public sealed interface Outcome {
  /** It agrees with the reference and was timed. */
  record Timed(Agreement agreement, Times times) implements Outcome {}

  /** It disagrees with the reference: no time. */
  record Disagrees(Agreement agreement) implements Outcome {}

  /** It does not do this problem here, or could not: no time. */
  record Refused(String why) implements Outcome {
    @Override
    public Agreement agreement() {
      return null;
    }
  }

  /** How it compared with the reference; null where it was not run. */
  Agreement agreement();

  /** In words, where there is no time. */
  default String reason() {
    return switch (this) {
      case Timed timed -> "";
      case Disagrees disagrees -> "DISAGREES: " + disagrees.agreement.worst();
      case Refused refused -> refused.why;
    };
  }
}

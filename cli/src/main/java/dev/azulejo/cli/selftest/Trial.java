package dev.azulejo.cli.selftest;

/**
 * One case of an operation.
 *
 * @param name which case
 * @param body computes it and compares
 */
public record Trial(String name, Body body) {
  /** Runs an operation and says how far it is off. */
  @FunctionalInterface
  public interface Body {
    /** The largest error, as a fraction of its tolerance: above 1, or NaN, is wrong. */
    double run(Workbench bench);
  }
}

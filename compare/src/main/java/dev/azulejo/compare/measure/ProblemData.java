package dev.azulejo.compare.measure;

import dev.azulejo.engine.Precision;

/** The operands of a problem and places for its result, in several sets, with the reference. */
public interface ProblemData extends AutoCloseable {
  /** How many sets there are: together they are larger than the caches. */
  int sets();

  /** Fills the first result with NaN, so that nobody is judged by what another one wrote. */
  void poison();

  /**
   * Waits for the work before it and compares the first result with the float64 reference, as far
   * as the precision allows.
   *
   * @param winograd whether it was computed from transformed operands; see {@link
   *     Roundoff#winograd}
   */
  Agreement check(Precision precision, boolean winograd);

  @Override
  void close();
}

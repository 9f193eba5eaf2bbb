package dev.azulejo.compare.measure;

/**
 * How long is measured.
 *
 * @param warmUpSeconds each contestant runs so long, and at least twice, before its first time
 * @param settleSeconds pause before each turn: the threads of the one before may spin for a while
 * @param sampleSeconds short runs are repeated until a sample takes so long
 * @param rounds samples of each contestant, at least
 * @param seconds samples are taken until each contestant was measured so long
 */
public record Effort(
    double warmUpSeconds, double settleSeconds, double sampleSeconds, int rounds, double seconds) {
  /** For figures that are published. */
  public static final Effort FULL = new Effort(0.05, 0.01, 0.005, 9, 0.2);

  /**
   * For published figures of whole steps, each of which is dozens of operations with pauses between
   * them: samples long enough for many steps, and for the compilers of the JVM to have finished
   * before; and so many of them that a few seconds in which a virtual machine's processors share
   * one core do not decide the median.
   */
  public static final Effort STEPS = new Effort(0.5, 0.02, 0.05, 31, 1.5);

  /** The same without pauses, which are for threads of the host. */
  public Effort withoutPauses() {
    return new Effort(warmUpSeconds, 0, sampleSeconds, rounds, seconds);
  }

  /** For a look. */
  public static final Effort QUICK = new Effort(0.01, 0.005, 0.001, 3, 0.02);
}

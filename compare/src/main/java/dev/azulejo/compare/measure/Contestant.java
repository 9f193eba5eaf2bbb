package dev.azulejo.compare.measure;

/**
 * Somebody who solves a problem: everything is allocated when it is made, {@link #run} only works.
 * Belongs to the thread that made it.
 */
public interface Contestant extends AutoCloseable {
  /** Its name in reports, such as {@code ours im2col-gemm}. */
  String name();

  /** What really runs: the algorithm and the library that has it. */
  String algorithm();

  /** Whether it multiplies transformed operands, whose rounding errors are larger. */
  default boolean isWinograd() {
    return algorithm().contains("wino");
  }

  /** Bytes of scratch memory that it needs beside inputs and output. */
  long workspaceBytes();

  /**
   * Solves the problem once; on devices that work on their own the call may return earlier.
   *
   * @param set which of the prepared inputs and outputs
   */
  void run(int set);

  /** Solves it on the first set for the comparison with the reference, whatever else that takes. */
  default void prove() {
    run(0);
  }

  @Override
  void close();
}

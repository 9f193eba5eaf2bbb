package dev.azulejo.cli;

/** Entry of the program. */
public final class Main {
  private static final int FAILURE = 1;

  private Main() {}

  /** Runs the command that the arguments name, and ends the process with its exit code. */
  public static void main(String[] args) {
    // Images and charts are read and drawn in memory; a display must neither be needed nor opened.
    System.setProperty("java.awt.headless", "true");
    System.exit(run(args));
  }

  private static int run(String[] args) {
    try {
      return CommandLines.create().execute(args);
    } catch (OutOfMemoryError e) {
      System.err.println(
          "azulejo: out of memory: "
              + e.getMessage()
              + "; a smaller --batch or --limit needs less, AZULEJO_JAVA_OPTIONS=-Xmx8g gives Java more");
      return FAILURE;
    }
  }
}

package dev.azulejo.cli;

/** Entry of the program. */
public final class Main {
  private Main() {}

  /** Runs the command that the arguments name, and ends the process with its exit code. */
  public static void main(String[] args) {
    // Images and charts are read and drawn in memory; a display must neither be needed nor opened.
    System.setProperty("java.awt.headless", "true");
    System.exit(CommandLines.create().execute(args));
  }
}

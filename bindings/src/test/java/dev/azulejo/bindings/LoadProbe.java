package dev.azulejo.bindings;

/** Main class of the child JVMs: a library can be loaded, or fail to load, once per JVM only. */
final class LoadProbe {
  private LoadProbe() {}

  /**
   * Prints LOADED and where from, or FAILED and the message; checks that asking twice changes
   * nothing.
   */
  public static void main(String[] args) {
    String first = attempt();
    String second = attempt();
    if (!first.equals(second)) {
      throw new AssertionError("first: " + first + "\nsecond: " + second);
    }
    System.out.print(first);
  }

  private static String attempt() {
    try {
      NativeLibraries.loadAzulejo();
      return "LOADED " + NativeLibraries.describe();
    } catch (NativeLibraryException e) {
      if (!e.getMessage().equals(NativeLibraries.describe())) {
        throw new AssertionError("describe() says: " + NativeLibraries.describe(), e);
      }
      return "FAILED " + e.getMessage();
    }
  }
}

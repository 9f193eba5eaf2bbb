package dev.azulejo.bindings;

import java.util.function.Supplier;

/** Main class of the child JVMs: a library can be loaded, or fail to load, once per JVM only. */
final class LoadProbe {
  private LoadProbe() {}

  /**
   * Prints LOADED and where from, or FAILED and the message; checks that asking twice changes
   * nothing.
   *
   * @param args the name of a {@link VendorLibrary}, or nothing for libazulejo
   */
  public static void main(String[] args) {
    VendorLibrary vendor = args.length == 0 ? null : VendorLibrary.valueOf(args[0]);
    Runnable load = vendor == null ? NativeLibraries::loadAzulejo : vendor::load;
    Supplier<String> describe = vendor == null ? NativeLibraries::describe : vendor::describe;
    String first = attempt(load, describe);
    String second = attempt(load, describe);
    if (!first.equals(second)) {
      throw new AssertionError("first: " + first + "\nsecond: " + second);
    }
    System.out.print(first);
  }

  private static String attempt(Runnable load, Supplier<String> describe) {
    try {
      load.run();
      return "LOADED " + describe.get();
    } catch (NativeLibraryException e) {
      if (!e.getMessage().equals(describe.get())) {
        throw new AssertionError("describe() says: " + describe.get(), e);
      }
      return "FAILED " + e.getMessage();
    }
  }
}

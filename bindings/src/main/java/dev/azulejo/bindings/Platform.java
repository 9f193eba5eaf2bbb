package dev.azulejo.bindings;

import java.util.List;
import java.util.Locale;

/**
 * An operating system and a processor, by the names that the folders below {@code natives/} use.
 *
 * @param os "linux", "macos", "windows", or what {@code os.name} says
 * @param arch "x86_64", "aarch64", or what {@code os.arch} says
 */
record Platform(String os, String arch) {
  /**
   * Platforms for which somebody may have packed a library; used to say what a jar does contain.
   */
  static final List<Platform> KNOWN =
      List.of(
          new Platform("linux", "x86_64"),
          new Platform("linux", "aarch64"),
          new Platform("macos", "aarch64"),
          new Platform("macos", "x86_64"),
          new Platform("windows", "x86_64"));

  /** The platform of this JVM. */
  static Platform current() {
    return of(System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  /** Java calls the same platform by several names ("amd64", "x86_64"); here each has one. */
  static Platform of(String osName, String osArch) {
    String os = osName.toLowerCase(Locale.ROOT).replace(" ", "");
    if (os.startsWith("mac")) {
      os = "macos";
    } else if (os.startsWith("windows")) {
      os = "windows";
    }
    String arch = osArch.toLowerCase(Locale.ROOT);
    if (arch.equals("amd64") || arch.equals("x64")) {
      arch = "x86_64";
    } else if (arch.equals("arm64")) {
      arch = "aarch64";
    }
    return new Platform(os, arch);
  }

  /** The file name of a shared library here: {@code azulejo} is {@code libazulejo.so} on Linux. */
  String fileName(String library) {
    return switch (os) {
      case "windows" -> library + ".dll";
      case "macos" -> "lib" + library + ".dylib";
      default -> "lib" + library + ".so";
    };
  }

  /** For example {@code linux-x86_64}: the classifier of the jar and the folder in it. */
  @Override
  public String toString() {
    return os + "-" + arch;
  }
}

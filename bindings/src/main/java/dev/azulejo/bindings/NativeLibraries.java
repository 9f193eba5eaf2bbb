package dev.azulejo.bindings;

import java.util.List;

/**
 * Azulejo's own native library: found and loaded at most once, when it is first needed. The
 * vendors' are in {@link VendorLibrary}.
 *
 * <p>libazulejo is looked for, in this order, at
 *
 * <ol>
 *   <li>the file that the system property {@code azulejo.library} names,
 *   <li>the file that the environment variable {@code AZULEJO_LIBRARY} names,
 *   <li>the resource {@code natives/<os>-<arch>/libazulejo.so} of the jar azulejo-native,
 *   <li>the system loader, under the name {@code azulejo} ({@code java.library.path}, {@code
 *       LD_LIBRARY_PATH}).
 * </ol>
 *
 * <p>A file that somebody named and that can't be loaded is an error; the places after it are not
 * tried. The library's ABI version is compared with that of the bindings before anything else is
 * called. A failure is remembered: every later call throws with the same message.
 *
 * <p>Safe for any number of threads.
 */
public final class NativeLibraries {
  /** The system property that names the file of libazulejo. */
  public static final String AZULEJO_PROPERTY = "azulejo.library";

  /** The environment variable that names the file of libazulejo. */
  public static final String AZULEJO_VARIABLE = "AZULEJO_LIBRARY";

  private static final LoadOnce AZULEJO =
      new LoadOnce(() -> AbiHandshake.check(azulejoSearch().load()));

  private NativeLibraries() {}

  /**
   * Makes the functions of {@code azulejo_h} callable. Needed once, before the first of them; later
   * calls cost one read.
   *
   * @throws NativeLibraryException if libazulejo is nowhere, does not load, or has another ABI
   *     version than the bindings
   */
  public static void loadAzulejo() {
    AZULEJO.get();
  }

  /**
   * What was loaded, its version, and from where; or that nothing was asked for yet; or why loading
   * failed. Loads nothing.
   */
  public static String describe() {
    return AZULEJO.describe("libazulejo");
  }

  private static LibrarySearch azulejoSearch() {
    Platform platform = Platform.current();
    return new LibrarySearch(
        "libazulejo, Azulejo's native library,",
        List.of(
            ExplicitFile.property(AZULEJO_PROPERTY),
            ExplicitFile.environment(AZULEJO_VARIABLE),
            new JarResource("azulejo", "dev.azulejo.natives"),
            new SystemLoader("azulejo")),
        List.of(
            "put the jar dev.azulejo:azulejo-native with classifier "
                + platform
                + ", in the version of azulejo-bindings, on the class path or module path",
            "where there is no such jar for "
                + platform
                + ", build the library from the folder native/ of Azulejo's sources with CMake",
            "to use a certain file, name it with -D"
                + AZULEJO_PROPERTY
                + "=FILE or the environment variable "
                + AZULEJO_VARIABLE,
            "if the temporary folder "
                + System.getProperty("java.io.tmpdir")
                + " is mounted noexec or is full, name another with -Djava.io.tmpdir=FOLDER"));
  }
}

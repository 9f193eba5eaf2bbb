package dev.azulejo.bindings;

import static dev.azulejo.bindings.ChildJvm.PLATFORM;
import static dev.azulejo.bindings.ChildJvm.assertContains;
import static dev.azulejo.bindings.ChildJvm.classPathWith;
import static dev.azulejo.bindings.ChildJvm.probe;
import static dev.azulejo.bindings.Processes.toyVendor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The search for the vendors' libraries and the check of their versions, with toys of them. */
class VendorLibraryTest {
  @TempDir Path folder;

  /**
   * Where one is installed it answers without a GPU; where none is, the error is the whole story.
   */
  @ParameterizedTest
  @EnumSource
  void installedLibraryAnswersOrTheErrorSaysWhatToDo(VendorLibrary library) {
    try {
      String version = library.version();
      assertTrue(version.matches(major(library) + "\\.\\d+\\.\\d+"), version);
      assertContains(library.describe(), name(library), version, "from ");
    } catch (NativeLibraryException e) {
      assertEquals(e.getMessage(), library.describe());
      assertContains(
          e.getMessage(), "Can't load " + name(library), "1. system property", "What to do:");
    }
  }

  @ParameterizedTest
  @EnumSource
  void propertyComesBeforeEnvironmentVariable(VendorLibrary library) throws IOException {
    Path toy = toyVendor(folder.resolve("libtoy.so"), library, major(library));
    String expected = name(library) + ", " + major(library) + ".1.2, from " + toy;
    assertContains(probe(library, Map.of(), property(library, toy)), "LOADED " + expected);
    assertContains(
        probe(library, Map.of(variable(library), toy.toString())),
        "LOADED " + expected,
        "(environment variable " + variable(library));
    assertContains(
        probe(library, Map.of(variable(library), "absent"), property(library, toy)), "LOADED ");
  }

  @ParameterizedTest
  @EnumSource
  void otherMajorVersionIsAnError(VendorLibrary library) throws IOException {
    int other = major(library) - 1;
    Path toy = toyVendor(folder.resolve("libtoy.so"), library, other);
    assertContains(
        probe(library, Map.of(), property(library, toy)),
        "FAILED " + name(library) + " " + other + ".1.2 does not fit",
        "bindings are for version " + major(library),
        "library: " + toy,
        "install version " + major(library));
  }

  /** Before version 9 its number had one digit less for the minor version. */
  @Test
  void oldCudnnCountedOtherwise() throws IOException {
    Path toy = folder.resolve("libtoy.so");
    Processes.compileC(toy, "long cudnnGetVersion(void) { return 8902; }", "-shared", "-fPIC");
    assertContains(
        probe(VendorLibrary.CUDNN, Map.of(), property(VendorLibrary.CUDNN, toy)),
        "FAILED cuDNN 8.9.2 does not fit");
  }

  @ParameterizedTest
  @EnumSource
  void missingFileOfASettingIsAnError(VendorLibrary library) throws IOException {
    Path absent = folder.resolve("absent.so");
    assertContains(
        probe(library, Map.of(variable(library), absent.toString())),
        "FAILED Can't load " + name(library),
        "1. system property azulejo." + lower(library) + ": not set",
        "2. environment variable " + variable(library) + "=" + absent + ": absent",
        "no other place was tried",
        "What to do:",
        "-Dazulejo." + lower(library) + "=FILE");
  }

  @ParameterizedTest
  @EnumSource
  void anotherLibraryIsAnError(VendorLibrary library) throws IOException {
    VendorLibrary wrong = library == VendorLibrary.DNNL ? VendorLibrary.CUDNN : VendorLibrary.DNNL;
    Path toy = toyVendor(folder.resolve("libtoy.so"), wrong, major(wrong));
    assertContains(
        probe(library, Map.of(), property(library, toy)),
        "FAILED The library loaded is not " + name(library),
        toy.toString());
  }

  @ParameterizedTest
  @EnumSource
  void foldersOfTheLibraryPath(VendorLibrary library) throws IOException {
    Path toy = toyVendor(folder.resolve(file(library)), library, major(library));
    assertContains(
        probe(library, Map.of(), "-Djava.library.path=" + folder),
        "LOADED " + name(library),
        "from " + toy + " (system folders)");
  }

  @Test
  void pythonEnvironmentsHaveTheLayoutOfNvidiasWheels() throws IOException {
    Path packages = folder.resolve("lib/python3.11/site-packages/nvidia");
    toyVendor(packages.resolve("cudnn/lib/libcudnn.so.9"), VendorLibrary.CUDNN, 9);
    toyVendor(packages.resolve("cu13/lib/libcublas.so.13"), VendorLibrary.CUBLAS, 13);
    List<Path> cudnn = List.of(packages.resolve("cudnn/lib"));
    Attempt found = new FolderSearch("Python", cudnn, "libcudnn.so.9").attempt();
    assertEquals(Attempt.Outcome.LOADED, found.outcome(), found.found());
    // In a JVM of its own the system's folders come first; they may have a library, too.
    for (VendorLibrary library : List.of(VendorLibrary.CUDNN, VendorLibrary.CUBLAS)) {
      String out = probe(library, Map.of("VIRTUAL_ENV", folder.toString()));
      assertContains(out, "LOADED " + name(library) + ", " + major(library) + ".");
    }
  }

  @Test
  void toolkitHasItsLibrariesInLib64() throws IOException {
    toyVendor(folder.resolve("lib64/libcublas.so.13"), VendorLibrary.CUBLAS, 13);
    String out = probe(VendorLibrary.CUBLAS, Map.of("CUDA_HOME", folder.toString()));
    assertContains(out, "LOADED cuBLAS, 13.");
  }

  @Test
  void otherVersionsInAFolderAreNamed() throws IOException {
    Path broken = Files.createDirectory(folder.resolve("broken"));
    Files.writeString(folder.resolve("libcudnn.so.8"), "");
    Files.writeString(folder.resolve("libcudnn.so.10"), "");
    Path absent = folder.resolve("absent");
    Attempt attempt =
        new FolderSearch("here", List.of(folder, broken, absent), "libcudnn.so.9").attempt();
    assertEquals(Attempt.Outcome.PASSED, attempt.outcome());
    assertContains(
        attempt.found(),
        folder + " (has only ",
        "libcudnn.so.",
        broken + ", ",
        absent + " (absent)");
    assertTrue(attempt.found().contains("libcudnn.so.8"), attempt.found());
    assertTrue(attempt.found().contains("libcudnn.so.10"), attempt.found());
    assertEquals("there are none", new FolderSearch("none", List.of(), "x.so.1").attempt().found());
  }

  @Test
  void jarOfBytedecoWithWhatTheLibraryNeeds() throws IOException {
    Path packed = folder.resolve("org/bytedeco/dnnl/" + PLATFORM);
    Path needed = packed.resolve("libgomp.so.1");
    Files.createDirectories(packed);
    Processes.compileC(
        needed, "int needed(void) { return 3; }", "-shared", "-fPIC", "-Wl,-soname,libgomp.so.1");
    Processes.compileC(
        packed.resolve("libdnnl.so.3"),
        """
        int needed(void);
        static struct { int major, minor, patch; const char* hash; unsigned cpu, gpu; } v;
        const void* dnnl_version(void) { v.major = needed(); return &v; }
        """,
        "-shared",
        "-fPIC",
        "-Wl,-rpath,$ORIGIN",
        "-Wl,--no-as-needed",
        needed.toString());
    String out = probe(VendorLibrary.DNNL, Map.of(), "-cp", classPathWith(folder));
    assertContains(out, "LOADED oneDNN, 3.0.0, from file:", "(jar resource org/bytedeco/dnnl/");
  }

  @Test
  void everyPlaceAndAllAdvice() {
    assertContains(
        placesOf(VendorSearch.cudnn()),
        "azulejo.cudnn",
        "AZULEJO_CUDNN",
        "system folders",
        "CUDA toolkit (CUDA_HOME",
        "Python environments (VIRTUAL_ENV",
        "nvidia/cudnn/lib",
        "pip install nvidia-cudnn-cu13");
    assertContains(placesOf(VendorSearch.cublas()), "nvidia/cu13/lib", "nvidia-cublas");
    assertContains(
        placesOf(VendorSearch.dnnl()), "AZULEJO_DNNL", "org/bytedeco/dnnl/", "system folders");
  }

  @Test
  void nothingIsLoadedBeforeItIsAskedFor() throws IOException {
    Path toy = toyVendor(folder.resolve("libtoy.so"), VendorLibrary.CUDNN, 9);
    Processes.Result result =
        ChildJvm.run(
            Map.of(),
            List.of(
                "-cp", classPathWith(), ChildJvm.NATIVE_ACCESS, property(VendorLibrary.CUDNN, toy)),
            DescribeProbe.class.getName());
    assertEquals("cudnn: not loaded, not asked for yet", result.out(), result.err());
  }

  private static String placesOf(LibrarySearch search) {
    return search.places() + "\n" + search.advice();
  }

  private static String property(VendorLibrary library, Path file) {
    return "-Dazulejo." + lower(library) + "=" + file;
  }

  private static String variable(VendorLibrary library) {
    return "AZULEJO_" + library;
  }

  private static String lower(VendorLibrary library) {
    return library.name().toLowerCase(Locale.ROOT);
  }

  private static int major(VendorLibrary library) {
    return switch (library) {
      case CUBLAS -> 13;
      case CUDNN -> 9;
      case DNNL -> 3;
    };
  }

  private static String name(VendorLibrary library) {
    return switch (library) {
      case CUBLAS -> "cuBLAS";
      case CUDNN -> "cuDNN";
      case DNNL -> "oneDNN";
    };
  }

  private static String file(VendorLibrary library) {
    return "lib" + lower(library) + ".so." + major(library);
  }
}

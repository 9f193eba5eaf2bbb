package dev.azulejo.bindings;

import static dev.azulejo.bindings.ChildJvm.PLATFORM;
import static dev.azulejo.bindings.ChildJvm.assertContains;
import static dev.azulejo.bindings.ChildJvm.classPathWith;
import static dev.azulejo.bindings.ChildJvm.join;
import static dev.azulejo.bindings.ChildJvm.locationOf;
import static dev.azulejo.bindings.ChildJvm.packResource;
import static dev.azulejo.bindings.ChildJvm.probe;
import static dev.azulejo.bindings.ChildJvm.probeWithWarnings;
import static dev.azulejo.bindings.ChildJvm.run;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library as a resource, on the class path and on the module path. */
class JarResourceTest {
  private static final int ABI = azulejo_h.AZJ_ABI_VERSION();

  @TempDir static Path shared;
  private static Path good;

  @TempDir Path folder;

  @BeforeAll
  static void compileToy() throws IOException {
    good = Processes.toyLibrary(shared.resolve("libgood.so"), ABI);
  }

  @Test
  void unsupportedPlatformNamesTheSupportedOnes() throws IOException {
    packResource(folder, good);
    String out = probe(Map.of(), "-Dos.arch=riscv64", "-cp", classPathWith(folder));
    assertContains(
        out,
        "FAILED ",
        " on linux-riscv64.",
        "jar resource natives/linux-riscv64/libazulejo.so: absent; the jar has libraries for: "
            + PLATFORM,
        "where there is no such jar for linux-riscv64, build the library");
  }

  @Test
  void resourceOnTheClassPathLoadsAndLeavesNoFile() throws IOException {
    packResource(folder, good);
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    String out = probe(Map.of(), "-Djava.io.tmpdir=" + temporary, "-cp", classPathWith(folder));
    assertContains(out, "LOADED ", "(jar resource natives/" + PLATFORM + "/libazulejo.so)");
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void unusableResourceFallsThroughToTheSystemLoader() throws IOException {
    Path garbage = Files.writeString(folder.resolve("garbage"), "garbage".repeat(100));
    packResource(folder, garbage);
    String libraryPath = "-Djava.library.path=" + folder;
    String failed = probeWithWarnings(libraryPath, "-cp", classPathWith(folder));
    assertContains(failed, "FAILED ", "3. jar resource", "its copy does not load: ", "4. system");

    Files.copy(good, folder.resolve("libazulejo.so"));
    String loaded = probeWithWarnings(libraryPath, "-cp", classPathWith(folder));
    assertContains(loaded, "LOADED ", "(system loader, name azulejo)");
  }

  @Test
  void unusableTemporaryFolderIsNamed() throws IOException {
    packResource(folder, good);
    Path file = Files.createFile(folder.resolve("file"));
    String out = probeWithWarnings("-Djava.io.tmpdir=" + file, "-cp", classPathWith(folder));
    assertContains(
        out,
        "FAILED ",
        "3. jar resource",
        "present, but can't be copied to a temporary file",
        "if the temporary folder " + file);
  }

  @Test
  void modulePathFindsTheResourceModule() throws IOException {
    Path natives = nativesModule();
    Processes.Result result =
        run(
            Map.of(),
            List.of(
                "--enable-native-access=dev.azulejo.bindings",
                "--patch-module",
                "dev.azulejo.bindings=" + locationOf(LoadProbe.class),
                "-p",
                join(locationOf(NativeLibraries.class), natives)),
            "-m",
            "dev.azulejo.bindings/" + LoadProbe.class.getName());
    assertEquals("", result.err());
    assertContains(result.out(), "LOADED ", "ABI " + ABI, natives.getFileName().toString());
  }

  @Test
  void layerWithALoaderPerModuleFindsTheResourceModule() throws IOException {
    Path natives = nativesModule();
    Processes.Result result =
        run(
            Map.of(),
            List.of("-cp", locationOf(LayerProbe.class).toString()),
            LayerProbe.class.getName(),
            locationOf(NativeLibraries.class).toString(),
            natives.toString());
    assertContains(result.out(), "LOADED ", "from module dev.azulejo.natives");
  }

  /** A module like that of the jar of the native library, as a folder. */
  private Path nativesModule() throws IOException {
    Path root = Files.createDirectory(folder.resolve("natives-module"));
    packResource(root, good);
    Path source = folder.resolve("module-info.java");
    Files.writeString(source, "module dev.azulejo.natives {}");
    int exit =
        ToolProvider.findFirst("javac")
            .orElseThrow()
            .run(System.out, System.err, "-d", root.toString(), source.toString());
    assertEquals(0, exit);
    return root;
  }
}

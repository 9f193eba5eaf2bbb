package dev.azulejo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive of {@code ./azulejo bundle}, unpacked and run with nothing but itself. */
class BundleIT {
  private static final String SCRIPT = System.getProperty("azulejo.bundle");
  private static final Map<String, String> TOOLS = Map.of("PATH", "/usr/local/bin:/usr/bin:/bin");

  @TempDir private static Path folder;

  @BeforeAll
  static void packAndUnpack() throws Exception {
    Path archive = folder.resolve("some bundle.tar.gz");
    bundle("-o", archive.toString(), "--commit", "0123abc").succeeded();
    run(TOOLS, "tar", "-xzf", archive.toString(), "-C", folder.toString()).succeeded();
    Files.delete(archive);
  }

  private static Cli.Result run(Map<String, String> environment, String... command)
      throws Exception {
    try (Child child = Child.start(environment, folder, List.of(command))) {
      return child.await();
    }
  }

  private static Cli.Result bundle(String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of("bash", SCRIPT));
    command.addAll(List.of(args));
    Map<String, String> environment =
        Map.of("PATH", TOOLS.get("PATH"), "JAVA_HOME", System.getProperty("java.home"));
    return run(environment, command.toArray(String[]::new));
  }

  /** Runs the bundle without any environment: no Java, no PATH, no home. */
  private static Cli.Result azulejo(String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(folder.resolve("azulejo/azulejo").toString()));
    command.addAll(List.of(args));
    return run(Map.of(), command.toArray(String[]::new));
  }

  @Test
  void listsDevicesWithItsOwnLibrary() throws Exception {
    Cli.Result result = azulejo("devices").succeeded();
    assertEquals("", result.err());
    assertTrue(result.out().contains("cpu:0"), result.out());
    assertTrue(result.out().contains(folder + "/azulejo/app/lib/azulejo-native"), result.out());
  }

  @Test
  void knowsItsCommit() throws Exception {
    assertTrue(azulejo("--version").succeeded().out().contains("commit 0123abc"));
  }

  @Test
  void checksItself() throws Exception {
    assertTrue(azulejo("selftest", "--device", "cpu").succeeded().out().contains("conv2d"));
  }

  @Test
  void trainsAndPredicts() throws Exception {
    Path run = folder.resolve("run");
    azulejo(
            "train",
            "--data=glyphs",
            "--limit=256",
            "--network=lenet5",
            "--epochs=1",
            "--out=" + run)
        .succeeded();
    assertTrue(Files.exists(run.resolve("model.safetensors")), "the model that train writes");
  }

  @Test
  void runsThroughASymbolicLink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("azulejo/azulejo"));
    Path chain = Files.createSymbolicLink(folder.resolve("chain"), link);
    run(TOOLS, chain.toString(), "devices").succeeded();
  }

  @Test
  void saysWhatIsMissingFromACopy() throws Exception {
    Path lonely = Files.createDirectory(folder.resolve("lonely"));
    Path copy = Files.copy(folder.resolve("azulejo/azulejo"), lonely.resolve("azulejo"));
    run(TOOLS, copy.toString(), "devices").failed(1, lonely + "/runtime/bin/java is missing");
  }

  /** On a machine whose python3 has cuDNN but no PyTorch, as a stand-in says. */
  @Test
  void gpuScriptSkipsWhatItHasNothingFor() throws Exception {
    Path python = Files.createDirectory(folder.resolve("bin")).resolve("python3");
    Files.writeString(
        python, "#!/bin/sh\n[ $# -eq 1 ] && echo AZULEJO_CUDNN=/some/libcudnn.so.9\n");
    assertTrue(python.toFile().setExecutable(true));
    Map<String, String> environment =
        Map.of("PATH", python.getParent() + ":" + TOOLS.get("PATH"), "AZULEJO_CUBLAS", "named");
    String script = folder.resolve("azulejo/gpu.sh").toString();
    Cli.Result result =
        run(environment, script, folder + "/results", "cpu", "pytorch-tf32").succeeded();
    assertTrue(result.out().contains("cuDNN: /some/libcudnn.so.9; cuBLAS: named"), result.out());
    assertTrue(result.out().contains("skipped: python3 here has no PyTorch"), result.out());
    Cli.Result packed = run(TOOLS, "tar", "-tzf", folder + "/results.tar.gz").succeeded();
    assertTrue(packed.out().contains("results/pytorch-tf32.log"), packed.out());
    assertTrue(packed.out().contains("results/summary.txt"), packed.out());
    run(environment, script, folder + "/results", "cpu", "bogus").failed(2, "bogus: there are");
  }

  @Test
  void refusesWhatItCannotDo() throws Exception {
    bundle("--bogus").failed(2, "unknown option: --bogus");
    bundle("-o").failed(2, "-o needs a value");
    bundle("-o", "x.zip").failed(2, "the name has to end in .tar.gz, .tar.xz or .tar.zst");
    bundle("--architectures", "sm_90").failed(2, "a list such as 80,86,90a is expected");
    bundle("-o", folder + "/none/x.tar.gz").failed(1, "does not exist");
    assertFalse(Files.exists(Path.of("x.zip")));
  }
}

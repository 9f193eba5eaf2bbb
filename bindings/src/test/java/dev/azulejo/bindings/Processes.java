package dev.azulejo.bindings;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Runs other programs: the C compiler, which building Azulejo needs anyway, and JVMs of their own.
 */
final class Processes {
  private static final long TIMEOUT_SECONDS = 120;

  /** Settings of the surrounding shell or build that would change what a child finds or prints. */
  private static final Set<String> UNWANTED =
      Set.of(
          "AZULEJO_LIBRARY",
          "AZULEJO_CUBLAS",
          "AZULEJO_CUDNN",
          "AZULEJO_DNNL",
          "CUDA_HOME",
          "CUDA_PATH",
          "VIRTUAL_ENV",
          "CONDA_PREFIX",
          "LD_LIBRARY_PATH",
          "JAVA_TOOL_OPTIONS",
          "JDK_JAVA_OPTIONS");

  /** What a finished program said. */
  record Result(int exit, String out, String err) {}

  private Processes() {}

  static Result run(List<String> command, Map<String, String> environment) throws IOException {
    Path out = Files.createTempFile("out", null);
    Path err = Files.createTempFile("err", null);
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().keySet().removeAll(UNWANTED);
      builder.environment().putAll(environment);
      builder.redirectOutput(out.toFile()).redirectError(err.toFile());
      Process process = builder.start();
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("still running after " + TIMEOUT_SECONDS + " s: " + command);
      }
      return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  /** Compiles one C file with the system's compiler. */
  static Path compileC(Path output, String source, String... options) throws IOException {
    Path file = Files.createTempFile("source", ".c");
    try {
      Files.writeString(file, source);
      List<String> command = new ArrayList<>();
      command.add(System.getenv().getOrDefault("CC", "cc"));
      command.addAll(List.of(options));
      command.addAll(List.of("-o", output.toString(), file.toString()));
      Result result = run(command, Map.of());
      if (result.exit() != 0) {
        throw new IOException("the C compiler failed: " + result.err());
      }
      return output;
    } finally {
      Files.delete(file);
    }
  }

  /** A shared library that answers the handshake with this number and does nothing else. */
  static Path toyLibrary(Path output, int abiVersion) throws IOException {
    String source =
        """
        int azj_abi_version(void) { return %d; }
        const char* azj_build_info(void) { return "toy"; }
        """
            .formatted(abiVersion);
    return compileC(output, source, "-shared", "-fPIC");
  }

  /** A shared library that answers the version query of a vendor's and does nothing else. */
  static Path toyVendor(Path output, VendorLibrary library, int major) throws IOException {
    String source =
        switch (library) {
          case CUBLAS ->
              "int cublasGetProperty(int part, int* value) { *value = part == 0 ? %d : part; return 0; }";
          case CUDNN ->
              "#include <stddef.h>\nsize_t cudnnGetVersion(void) { return %d * 10000 + 102; }";
          case DNNL ->
              """
              static const struct { int major, minor, patch; const char* hash; unsigned cpu, gpu; } v = {%d, 1, 2};
              const void* dnnl_version(void) { return &v; }
              """;
        };
    Files.createDirectories(output.getParent());
    return compileC(output, source.formatted(major), "-shared", "-fPIC");
  }
}

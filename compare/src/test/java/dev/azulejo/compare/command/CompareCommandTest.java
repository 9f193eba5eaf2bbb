package dev.azulejo.compare.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class CompareCommandTest {
  private static final String SHAPES = "name,n,c,h,w,k,r,s,stride,pad,groups,why\n";

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** Runs a comparison with its report in a folder; the exit code. */
  private int run(String... arguments) {
    String[] all = new String[arguments.length + 2];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    all[arguments.length] = "--output";
    all[arguments.length + 1] = folder.resolve("report").toString();
    return new CommandLine(new CompareCommand())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setExecutionExceptionHandler(
            (e, command, parsed) -> {
              command.getErr().println(e.getMessage());
              return 1;
            })
        .execute(all);
  }

  private JsonNode report(String name) throws Exception {
    Path report = folder.resolve("report");
    for (String suffix : new String[] {".csv", ".md", ".png", ".svg"}) {
      assertTrue(Files.size(report.resolve(name + suffix)) > 0, suffix);
    }
    return new ObjectMapper().readTree(report.resolve(name + ".json").toFile());
  }

  @Test
  void convPrintsAndSavesItsReport() throws Exception {
    Path shapes = folder.resolve("shapes.csv");
    Files.writeString(shapes, SHAPES + "a,2,4,8,8,6,3,3,1,1,1,\nb,1,2,9,9,2,2,2,2,0,1,\n");
    int exit =
        run("conv", "--device", "cpu", "--threads", "1", "--quick", "--shapes", shapes.toString());
    assertEquals(0, exit, err::toString);
    JsonNode report = report("conv");
    for (String fact : new String[] {"commit", "processor", "threads", "FLOP rule", "onednn"}) {
      assertTrue(report.at("/environment").has(fact), fact);
    }
    assertTrue(report.at("/results").size() >= 2 * 3 * 3);
    for (JsonNode result : report.at("/results")) {
      assertTrue(
          result.has("medianSeconds") || result.path("remark").asText().startsWith("unsupported"),
          result::toString);
    }
    assertTrue(out.toString().contains("azulejo auto"), out::toString);
    assertTrue(out.toString().contains("geometric mean"), out::toString);
  }

  @Test
  void gemmPrintsAndSavesItsReport() throws Exception {
    Path shapes = folder.resolve("shapes.csv");
    Files.writeString(shapes, "name,m,n,k,transpose_a,transpose_b,why\na,8,9,10,0,1,\n");
    String[] arguments = {
      "gemm", "--device", "cpu", "--threads", "1", "--quick", "--shapes", shapes.toString()
    };
    assertEquals(0, run(arguments), err::toString);
    assertEquals(3, report("gemm").at("/results").size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "conv --against nobody;2;--against nobody: this comparison knows onednn, cudnn and none",
        "gemm --device cpu --against pytorch;2;this comparison knows onednn, openblas",
        "conv --device cpu --against cudnn;2;engine \"cudnn\" cannot be used",
        "conv --precision fp64;2;unknown precision \"fp64\"; there are fp32, tf32 and bf16",
        "conv --device cpu --precision tf32 --against none;1;nobody computes this",
        "conv --storage bf16;2;--storage bf16 is for --precision bf16, not fp32",
        "gemm --device cpu --storage f16;2;unknown storage \"f16\"; there are f32 and bf16",
        "conv --precision bf16 --storage bf16 --against onednn;2;this comparison knows cudnn and none",
        "conv --device cpu --precision bf16 --storage bf16;1;nobody computes this",
        "conv --device gpu;2;unknown device \"gpu\"; there are best, cpu, cuda",
        "conv --device cpu --threads 2000;2;--threads 2000: 1 to 1024",
        "conv --device cpu --shapes nope;1;neither a file \"nope\" nor a list",
        "conv --device cuda:999;1;CUDA device 999",
        "training --network nope;2;unknown network \"nope\"; there are lenet5",
        "training --batch 0;2;each must be positive",
        "training --threads 1 --against one-thread;2;that is for the CPU with two threads or more",
        "memory --batch 0;2;--batch 0: it must be at least 1",
      })
  void wrongInputIsRefused(String arguments, int exit, String message) {
    assertEquals(exit, run(arguments.split(" ")), err::toString);
    assertTrue(err.toString().contains(message), err::toString);
  }

  @Test
  void withoutAComparisonTheyAreListed() {
    assertEquals(2, new CommandLine(new CompareCommand()).setErr(new PrintWriter(err)).execute());
    assertTrue(err.toString().contains("there are conv, gemm, training, overhead, memory"));
  }
}

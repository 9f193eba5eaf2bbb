package dev.azulejo.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.azulejo.cli.Cli;
import dev.azulejo.cli.selftest.Check;
import dev.azulejo.cli.selftest.Trial;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SelftestCommandTest {
  @TempDir private Path folder;

  @Test
  void theCpuIsRight() throws Exception {
    Path file = folder.resolve("selftest.json");
    Cli.Result result = Cli.run("selftest", "--device", "cpu", "--json", file).succeeded();
    assertTrue(result.out().contains("device: cpu 0, "), result.out());
    assertTrue(result.out().contains("capability: "), result.out());
    assertTrue(result.out().contains("driver: "), result.out());
    assertTrue(result.out().contains("libazulejo, ABI "), result.out());
    assertTrue(result.lastLine().endsWith(" cases: all ok"), result.lastLine());
    JsonNode json = new ObjectMapper().readTree(file.toFile());
    assertTrue(json.get("ok").asBoolean());
    assertEquals("cpu", json.at("/device/kind").asText());
    assertTrue(json.get("operations").size() > 40);
    for (JsonNode row : json.get("operations")) {
      assertTrue(row.get("worst").asDouble() <= 1, row.toString());
      assertTrue(row.get("cases").asInt() > 0, row.toString());
      assertTrue(row.get("ok").asBoolean(), row.toString());
    }
  }

  @Test
  void aWrongOperationFailsIt() throws Exception {
    Check right = new Check("fill", "", List.of(new Trial("one", bench -> 0.25)));
    Check wrong =
        new Check(
            "gemm",
            "TILED",
            List.of(new Trial("prime", bench -> 0.5), new Trial("square", bench -> 1234)));
    StringWriter out = new StringWriter();
    CommandLine command = new CommandLine(new SelftestCommand(device -> List.of(right, wrong)));
    command.setOut(new PrintWriter(out, true));
    Path file = folder.resolve("selftest.json");
    assertEquals(1, command.execute("--device", "cpu", "--json", file.toString()));
    List<String> lines = out.toString().lines().toList();
    assertTrue(
        lines.contains("gemm TILED, case square: the error is 1234.0 of what is allowed"),
        out.toString());
    assertTrue(lines.stream().anyMatch(line -> line.matches("fill .* ok")), out.toString());
    assertTrue(
        lines.stream().anyMatch(line -> line.matches("gemm +TILED +2 +1234.000 .* FAILED")),
        out.toString());
    assertEquals("2 operations, 2 ways, 3 cases: 1 ways FAILED", lines.getLast());
    JsonNode json = new ObjectMapper().readTree(file.toFile());
    assertFalse(json.get("ok").asBoolean());
    assertTrue(json.at("/operations/0/ok").asBoolean());
    assertFalse(json.at("/operations/1/ok").asBoolean());
  }

  @Test
  void aDeviceThatIsNotThereIsAnError() {
    Cli.run("selftest", "--device", "cuda:999").failed(1, "cuda", "999");
    Cli.run("selftest", "--device", "gpu").failed(2, "unknown device \"gpu\"");
  }
}

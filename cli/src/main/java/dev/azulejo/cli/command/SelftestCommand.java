package dev.azulejo.cli.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.bindings.NativeLibraries;
import dev.azulejo.cli.options.DeviceOptions;
import dev.azulejo.cli.options.JsonOption;
import dev.azulejo.cli.report.Json;
import dev.azulejo.cli.report.Table;
import dev.azulejo.cli.selftest.Check;
import dev.azulejo.cli.selftest.Outcome;
import dev.azulejo.cli.selftest.Selftest;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code azulejo selftest}: whether a device computes what it should. */
@Command(
    name = "selftest",
    header = "Checks every operation of a device against float64.",
    description =
        "Each operation runs by each algorithm the device has, over small cases; the errors are given"
            + " as fractions of what rounding allows (docs/numerics.md), so that a right device stays"
            + " below 1 and a wrong term is thousands. Exit code 0 where all are right, else 1.")
public final class SelftestCommand implements Callable<Integer> {
  /** Where NVIDIA's driver says what it is, on Linux. */
  private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");

  private static final double NANOS_PER_MILLI = 1e6;

  private final Function<DeviceInfo, List<Check>> checks;

  @Spec private CommandSpec spec;

  @Mixin private DeviceOptions devices;

  @Mixin private JsonOption json;

  /** All checks. */
  public SelftestCommand() {
    this(Selftest::checks);
  }

  /** Other checks; for tests. */
  SelftestCommand(Function<DeviceInfo, List<Check>> checks) {
    this.checks = checks;
  }

  @Override
  public Integer call() throws IOException {
    json.check();
    PrintWriter text = json.text(spec);
    try (Device device = devices.open(text)) {
      DeviceInfo info = device.info();
      text.println("capability: " + capability(info));
      text.println("driver: " + driver());
      text.println(NativeLibraries.describe());
      text.println();
      text.flush();
      List<Outcome> outcomes = Selftest.run(device, checks.apply(info), failing(text));
      text.print(table(outcomes));
      text.println();
      text.println(summary(outcomes));
      text.flush();
      json.write(spec, document(info, outcomes));
      return outcomes.stream().allMatch(Outcome::ok) ? ExitCode.OK : ExitCode.SOFTWARE;
    }
  }

  /** Says at once what failed, and in which case; the table has no room for it. */
  private static Consumer<Outcome> failing(PrintWriter text) {
    return outcome -> {
      if (!outcome.ok()) {
        text.println(
            (outcome.check().operation() + " " + outcome.check().algorithm()).strip()
                + ", "
                + outcome.failure());
        text.flush();
      }
    };
  }

  private static Table table(List<Outcome> outcomes) {
    Table table = new Table("operation", "algorithm", "cases", "error/allowed", "ms", "");
    for (Outcome outcome : outcomes) {
      table.row(
          outcome.check().operation(),
          outcome.check().algorithm(),
          outcome.check().trials().size(),
          String.format(Locale.ROOT, "%.3f", outcome.worst()),
          String.format(Locale.ROOT, "%.1f", outcome.nanos() / NANOS_PER_MILLI),
          outcome.ok() ? "ok" : "FAILED");
    }
    return table;
  }

  private static String summary(List<Outcome> outcomes) {
    int cases = outcomes.stream().mapToInt(outcome -> outcome.check().trials().size()).sum();
    long failed = outcomes.stream().filter(outcome -> !outcome.ok()).count();
    long operations =
        outcomes.stream().map(outcome -> outcome.check().operation()).distinct().count();
    String all = operations + " operations, " + outcomes.size() + " ways, " + cases + " cases: ";
    return all + (failed == 0 ? "all ok" : failed + " ways FAILED");
  }

  private static ObjectNode document(DeviceInfo info, List<Outcome> outcomes) throws IOException {
    ObjectNode document = Json.object();
    ObjectNode device = document.putObject("device");
    device.put("kind", DeviceOptions.name(info.kind()));
    device.put("ordinal", info.ordinal());
    device.put("name", info.name());
    device.put("capability", info.capability());
    device.put("instructionSet", info.instructionSet());
    document.put("library", NativeLibraries.describe());
    document.put("driver", driver());
    document.put("ok", outcomes.stream().allMatch(Outcome::ok));
    ArrayNode rows = document.putArray("operations");
    for (Outcome outcome : outcomes) {
      ObjectNode row = rows.addObject();
      row.put("operation", outcome.check().operation());
      row.put("algorithm", outcome.check().algorithm());
      row.put("cases", outcome.check().trials().size());
      Json.put(row, "worst", outcome.worst());
      Json.put(row, "milliseconds", outcome.nanos() / NANOS_PER_MILLI);
      row.put("ok", outcome.ok());
      row.put("failure", outcome.failure());
    }
    return document;
  }

  private static String capability(DeviceInfo info) {
    return info.capability() == 0
        ? "none (no GPU)"
        : info.capability() / 10 + "." + info.capability() % 10;
  }

  private static String driver() throws IOException {
    if (!Files.isReadable(DRIVER)) {
      return "no NVIDIA driver here";
    }
    try (var lines = Files.lines(DRIVER)) {
      return lines.findFirst().orElse("unknown");
    }
  }
}

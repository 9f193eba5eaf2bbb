package dev.azulejo.compare.report;

import dev.azulejo.bindings.NativeLibraries;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Where a report was measured: what every report names, as name and value in a fixed order. */
public final class Environment {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");
  private static final Path LOAD = Path.of("/proc/loadavg");

  private final Map<String, String> facts = new LinkedHashMap<>();

  /** The environment of a device; the libraries of others are added by {@link #add}. */
  public Environment(Device device) {
    DeviceInfo info = device.info();
    add("device", info.kind().name().toLowerCase(Locale.ROOT) + " " + info.ordinal());
    add("device name", info.name());
    add("instruction set", info.instructionSet());
    add("compute units", info.computeUnits());
    add("threads", device.stream().threads());
    add("processor", firstLine(CPU_INFO, "model name", "unknown"));
    add("processors", Runtime.getRuntime().availableProcessors());
    add("driver", firstLine(DRIVER, "NVRM version", "none"));
    add("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    add("architecture", System.getProperty("os.arch"));
    add("java", Runtime.version());
    add("library", NativeLibraries.describe());
    add("OMP_WAIT_POLICY", System.getenv().getOrDefault("OMP_WAIT_POLICY", "not set"));
    add("commit", System.getProperty("azulejo.commit", "unknown"));
    add("time", Instant.now().truncatedTo(ChronoUnit.SECONDS));
    add("load before", firstLine(LOAD, "", "unknown"));
  }

  /** Adds a fact, such as the version of a library. */
  public Environment add(String name, Object value) {
    facts.put(name, String.valueOf(value));
    return this;
  }

  /** All facts. */
  public Map<String, String> facts() {
    return Map.copyOf(facts);
  }

  /** All facts, a line for each. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    facts.forEach((name, value) -> text.append("%-16s  %s%n".formatted(name, value)));
    return text.toString();
  }

  /** In their order, for JSON. */
  Iterable<Map.Entry<String, String>> entries() {
    return facts.entrySet();
  }

  /** What follows the colon in the first line that begins so; otherwise what is given. */
  private static String firstLine(Path file, String beginning, String otherwise) {
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> line.startsWith(beginning))
          .findFirst()
          .map(line -> beginning.isEmpty() ? line : line.substring(line.indexOf(':') + 1).strip())
          .orElse(otherwise);
    } catch (IOException e) {
      return otherwise; // a system without that file
    }
  }
}

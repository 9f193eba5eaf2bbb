package dev.azulejo.compare.command;

import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.Engines;
import dev.azulejo.engine.Precision;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Whom ours is compared with. */
final class AgainstOption {
  private static final String NOBODY = "none";

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--against",
      paramLabel = "NAME",
      split = ",",
      description =
          "Whom ours is compared with, several separated by commas, or none. One that is named and"
              + " cannot be used here is an error. Default: everybody who can be used here.")
  private List<String> names;

  @Option(
      names = "--precision",
      paramLabel = "P",
      defaultValue = "fp32",
      description =
          "What everybody rounds the factors of products to: fp32 (not at all), tf32 or bf16; sums"
              + " are float32. Default: ${DEFAULT-VALUE}.")
  private String precision;

  Precision precision() {
    for (Precision one : Precision.values()) {
      if (one.toString().equals(precision)) {
        return one;
      }
    }
    throw mistake("unknown precision \"" + precision + "\"; there are fp32, tf32 and bf16");
  }

  /** Whether this one is wanted: named, or nobody is. */
  boolean wants(String name) {
    return names == null || names.contains(name);
  }

  /** Whether this one is named. */
  boolean names(String name) {
    return names != null && names.contains(name);
  }

  /** Checks that the names are of those who can take part in a comparison at all. */
  void check(List<String> known) {
    for (String name : names == null ? List.<String>of() : names) {
      if (!name.equals(NOBODY) && !known.contains(name)) {
        throw mistake(
            "--against %s: this comparison knows %snone"
                .formatted(name, known.isEmpty() ? "" : String.join(", ", known) + " and "));
      }
    }
  }

  /**
   * The engines to compare with on a device.
   *
   * @param known those that there may be
   * @param text is told who is not there
   */
  Map<String, Engine> engines(Device device, List<String> known, PrintWriter text) {
    var engines = new LinkedHashMap<String, Engine>();
    for (String name : known) {
      if (!wants(name)) {
        continue;
      }
      try {
        engines.put(name, Engines.named(name + ":" + precision(), device.kind()));
      } catch (IllegalArgumentException e) {
        if (names(name)) {
          throw mistake(e.getMessage());
        }
        text.println("without " + name + ": " + e.getMessage().lines().findFirst().orElse(""));
      }
    }
    return engines;
  }

  /** Names the libraries of the engines in a report. */
  Environment describe(Environment environment, Map<String, Engine> engines) {
    engines.forEach(
        (name, engine) -> {
          switch (name) {
            case "onednn" -> environment.add(name, VendorLibrary.DNNL.describe());
            case "cudnn" -> environment.add(name, VendorLibrary.CUDNN.describe());
            default -> {} // ours is there already
          }
        });
    return environment;
  }

  private ParameterException mistake(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}

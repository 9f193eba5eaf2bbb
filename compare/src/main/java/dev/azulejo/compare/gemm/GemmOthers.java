package dev.azulejo.compare.gemm;

import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Precision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Whose products ours are compared with. */
public final class GemmOthers {
  private final Device device;
  private final Map<String, GemmComparison.Other> found = new LinkedHashMap<>();
  private final Map<String, String> versions = new LinkedHashMap<>();

  /** Nobody yet. */
  public GemmOthers(Device device) {
    this.device = device;
  }

  /** Who may be asked for on a device. */
  public static List<String> names(Device device) {
    return device.isHost() ? List.of(OpenBlas.NAME) : List.of();
  }

  /**
   * Adds somebody.
   *
   * @param name one of {@link #names}
   * @throws java.io.UncheckedIOException if the library is not here; the message says what to
   *     install
   */
  public void add(String name) {
    versions.put(name, OpenBlas.load());
    int threads = device.stream().threads();
    found.put(name, (problem, data) -> new OpenBlas(threads, problem, data));
  }

  /** Names the libraries in a report. */
  public void describe(Environment environment) {
    versions.forEach(environment::add);
  }

  /** The comparison with all of them. */
  public GemmComparison comparison(Precision precision, Effort effort) {
    return new GemmComparison(device, precision, found, effort);
  }
}

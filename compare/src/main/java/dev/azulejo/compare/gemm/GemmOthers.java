package dev.azulejo.compare.gemm;

import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.compare.engine.cublas.CublasProduct;
import dev.azulejo.compare.measure.Contestant;
import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.report.Environment;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.Precision;
import dev.azulejo.engine.Storage;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Whose products ours are compared with. */
public final class GemmOthers {
  private final Device device;
  private final Precision precision;
  private final Storage storage;
  private final Map<String, GemmComparison.Other> found = new LinkedHashMap<>();
  private final Map<String, String> versions = new LinkedHashMap<>();

  /** Nobody yet. */
  public GemmOthers(Device device, Precision precision, Storage storage) {
    this.device = device;
    this.precision = precision;
    this.storage = storage;
  }

  /** Who computes in this precision on such devices, on operands in such a storage. */
  public static List<String> names(DeviceKind kind, Precision precision, Storage storage) {
    if (storage == Storage.BF16) {
      return kind == DeviceKind.CUDA ? List.of(CuBlas.NAME) : List.of();
    }
    return switch (kind) {
      case CPU ->
          switch (precision) {
            case FP32 -> List.of(OneDnn.NAME, OpenBlas.NAME);
            case BF16 -> List.of(OneDnn.NAME);
            case TF32 -> List.of();
          };
      case CUDA ->
          precision == Precision.FP32
              ? List.of(CuBlas.NAME, CuBlas.PEDANTIC)
              : List.of(CuBlas.NAME);
      case EMULATED -> List.of();
    };
  }

  /**
   * Adds somebody.
   *
   * @param name one of {@link #names}
   * @throws java.io.UncheckedIOException or NativeLibraryException if the library is not here; the
   *     message says what to install
   */
  public void add(String name) {
    Stream stream = device.stream();
    switch (name) {
      case OneDnn.NAME -> {
        versions.put(name, VendorLibrary.DNNL.version());
        found.put(name, (problem, data) -> new OneDnn(stream, problem, data, precision));
      }
      case OpenBlas.NAME -> {
        versions.put(name, OpenBlas.load());
        found.put(name, (problem, data) -> new OpenBlas(stream.threads(), problem, data));
      }
      case CuBlas.NAME, CuBlas.PEDANTIC -> {
        VendorLibrary.CUBLAS.load();
        versions.put(name, VendorLibrary.CUBLAS.describe());
        found.put(name, (problem, data) -> cublas(name, problem, data));
      }
      default -> throw new IllegalArgumentException("nobody is called \"" + name + "\"");
    }
  }

  private Contestant cublas(String name, GemmCase problem, GemmData data) {
    CublasProduct product =
        CublasProduct.of(
            device.stream(),
            problem.m(),
            problem.n(),
            problem.k(),
            problem.transposeA(),
            problem.transposeB(),
            CuBlas.compute(name, precision, storage),
            storage);
    return new CuBlas(name, product, data);
  }

  /** Names the libraries in a report. */
  public void describe(Environment environment) {
    versions.forEach(environment::add);
  }

  /** The comparison with all of them. */
  public GemmComparison comparison(Effort effort) {
    return new GemmComparison(device, precision, storage, found, effort);
  }
}

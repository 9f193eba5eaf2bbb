package dev.azulejo.compare.engine.cublas;

import dev.azulejo.bindings.NativeLibraryException;
import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineProvider;
import dev.azulejo.engine.Precision;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Contributes the engine {@code cublas}. */
public final class CublasProvider implements EngineProvider {
  @Override
  public String name() {
    return "cublas";
  }

  @Override
  public Set<DeviceKind> kinds() {
    return EnumSet.of(DeviceKind.CUDA);
  }

  @Override
  public Set<Precision> precisions() {
    return EnumSet.allOf(Precision.class);
  }

  @Override
  public Optional<String> unavailable() {
    try {
      VendorLibrary.CUBLAS.load();
      return Optional.empty();
    } catch (NativeLibraryException e) {
      return Optional.of(e.getMessage());
    }
  }

  @Override
  public Engine create(Precision precision) {
    return new CublasEngine(
        precision == Precision.FP32 ? name() : name() + ":" + precision, precision);
  }
}

package dev.azulejo.compare.engine.onednn;

import dev.azulejo.bindings.NativeLibraryException;
import dev.azulejo.bindings.VendorLibrary;
import dev.azulejo.bindings.dnnl.dnnl_h;
import dev.azulejo.device.DeviceKind;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.EngineProvider;
import dev.azulejo.engine.Precision;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Contributes the engine {@code onednn}. */
public final class DnnlProvider implements EngineProvider {
  @Override
  public String name() {
    return "onednn";
  }

  @Override
  public Set<DeviceKind> kinds() {
    return EnumSet.of(DeviceKind.CPU);
  }

  /**
   * BF16 is a permission: oneDNN rounds the factors where the processor has instructions for it,
   * and computes in float32 where it has not.
   */
  @Override
  public Set<Precision> precisions() {
    return EnumSet.of(Precision.FP32, Precision.BF16);
  }

  @Override
  public Optional<String> unavailable() {
    try {
      VendorLibrary.DNNL.load();
    } catch (NativeLibraryException e) {
      return Optional.of(e.getMessage());
    }
    // Other builds (TBB, a thread pool, one thread) do not take the size of the stream's team.
    return Dnnl.runtime() == dnnl_h.DNNL_RUNTIME_OMP()
        ? Optional.empty()
        : Optional.of(
            VendorLibrary.DNNL.describe()
                + " is a build without OpenMP, whose number of threads Azulejo cannot set; use the"
                + " one of org.bytedeco:dnnl");
  }

  @Override
  public Engine create(Precision precision) {
    return precision == Precision.BF16
        ? new DnnlEngine(name() + ":" + precision, dnnl_h.dnnl_fpmath_mode_bf16())
        : new DnnlEngine(name(), dnnl_h.dnnl_fpmath_mode_strict());
  }
}

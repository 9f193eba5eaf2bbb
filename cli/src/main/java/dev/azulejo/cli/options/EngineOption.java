package dev.azulejo.cli.options;

import dev.azulejo.cli.UsageException;
import dev.azulejo.device.Device;
import dev.azulejo.engine.Engine;
import dev.azulejo.engine.Engines;
import picocli.CommandLine.Option;

/** Who computes convolutions and dense layers. */
public final class EngineOption {
  @Option(
      names = "--engine",
      paramLabel = "NAME[:PRECISION]",
      defaultValue = "azulejo",
      description =
          "Who computes convolutions and dense layers: azulejo, azulejo:tf32 or azulejo:bf16 (with"
              + " activations in BF16, on GPUs of compute capability 9.0), or a vendor's library, such"
              + " as onednn on the CPU and cudnn, cudnn:tf32 or cudnn:bf16 on a GPU. Default:"
              + " ${DEFAULT-VALUE}.")
  private String engine;

  /** As it was written. */
  public String name() {
    return engine;
  }

  /**
   * The engine, for a device.
   *
   * @throws UsageException if it is not here; the message lists those that are, and why others are
   *     not
   */
  public Engine open(Device device) {
    return UsageException.check(() -> Engines.named(engine, device.kind()));
  }
}

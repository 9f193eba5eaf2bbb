package dev.azulejo.compare.command;

import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.report.ReportFolder;
import dev.azulejo.device.Device;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** How long is measured, and where the report goes. */
final class ReportOptions {
  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      defaultValue = "azulejo-out/compare",
      description =
          "Where the report is saved, as JSON, CSV, Markdown and charts (PNG, SVG). Default:"
              + " ${DEFAULT-VALUE}.")
  private Path output;

  @Option(
      names = "--quick",
      description = "Few and short samples: for a look, not for figures to publish.")
  private boolean quick;

  /** The folder, made and found to be writable. */
  ReportFolder folder() throws IOException {
    return new ReportFolder(output);
  }

  Path output() {
    return output;
  }

  Effort effort() {
    return quick ? Effort.QUICK : Effort.FULL;
  }

  /** For operations that run on a device: a GPU has no threads that must go to sleep first. */
  Effort effort(Device device) {
    return device.isHost() ? effort() : effort().withoutPauses();
  }

  /** For comparisons of whole training or inference steps. */
  Effort effortOfSteps() {
    return quick ? Effort.QUICK : Effort.STEPS;
  }

  boolean quick() {
    return quick;
  }
}

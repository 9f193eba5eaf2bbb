package dev.azulejo.cli.command;

import dev.azulejo.cli.report.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The files that a training run writes, all in one folder.
 *
 * @param folder where they go
 */
public record RunFiles(Path folder) {
  /** The folder where nothing else is said, in the working directory. */
  static final String DEFAULT_FOLDER = "azulejo-out";

  /** The finished network. */
  static final String MODEL = "model.safetensors";

  Path model() {
    return folder.resolve(MODEL);
  }

  /** The network and the state of the run after each epoch, and where it was interrupted. */
  Path checkpoint() {
    return folder.resolve("checkpoint.safetensors");
  }

  Path curvePng() {
    return folder.resolve("learning-curve.png");
  }

  Path curveSvg() {
    return folder.resolve("learning-curve.svg");
  }

  Path metrics() {
    return folder.resolve("metrics.json");
  }

  /**
   * Makes the folder, and finds out whether every file can be written.
   *
   * @throws IOException if not
   */
  void check() throws IOException {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new IOException("the folder " + folder + " for the output cannot be made: " + e, e);
    }
    for (Path file : List.of(model(), checkpoint(), curvePng(), curveSvg(), metrics())) {
      WholeFile.check(file);
    }
  }
}

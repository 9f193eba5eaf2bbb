package dev.azulejo.cli.options;

import dev.azulejo.cli.UsageException;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.Datasets;
import dev.azulejo.data.Subset;
import dev.azulejo.data.TrainTest;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import picocli.CommandLine.Option;

/** Which images to work on. */
public final class DataOptions {
  @Option(
      names = "--data",
      paramLabel = "NAME",
      defaultValue = "fashion-mnist",
      description =
          "fashion-mnist, mnist, cifar10, cifar100, glyphs (generated), or folder:PATH with a folder"
              + " of PNG or JPEG images for each class (folder:PATH@1x28x28 resizes them)."
              + " Default: ${DEFAULT-VALUE}.")
  private String data;

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description =
          "Where the data set's files are. Default: $AZULEJO_DATA; without it they are looked for in"
              + " the cache folder, and otherwise downloaded or installed.")
  private Path dataDir;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Only the first N images of the training and of the test part.")
  private Integer limit;

  /** What the user calls the data set. */
  public String name() {
    return data;
  }

  /**
   * Loads the data set.
   *
   * @param text is told what was loaded, and what happened on the way
   */
  public TrainTest load(PrintWriter text) {
    check();
    TrainTest loaded =
        Datasets.named(
            data,
            dataDir,
            message -> {
              text.println(message);
              text.flush();
            });
    if (limit != null) {
      loaded = new TrainTest(first(loaded.train()), first(loaded.test()));
    }
    text.printf(
        Locale.ROOT,
        "data: %s, %,d training and %,d test images of %s, %d classes%n",
        data,
        loaded.train().size(),
        loaded.test().size(),
        loaded.train().shape(),
        loaded.train().classes());
    text.flush();
    return loaded;
  }

  /** Before anything is loaded: whether there is such a data set. */
  public void check() {
    String kind = data.replaceFirst(":.*", ":PATH");
    if (!Datasets.names().contains(kind)) {
      throw new UsageException(
          "unknown data set \"" + data + "\"; there are " + String.join(", ", Datasets.names()));
    }
    if (limit != null && limit < 1) {
      throw new UsageException("--limit " + limit + ": at least 1 image is needed");
    }
  }

  private Dataset first(Dataset all) {
    return limit < all.size() ? Subset.range(all, 0, limit) : all;
  }
}

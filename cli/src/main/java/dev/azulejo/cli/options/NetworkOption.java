package dev.azulejo.cli.options;

import dev.azulejo.cli.UsageException;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.Shape;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.NetworkText;
import dev.azulejo.nn.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Which network. */
public final class NetworkOption {
  /** What {@code train} takes where nothing is said. */
  public static final String DEFAULT = "mnist-cnn";

  @Option(
      names = "--network",
      paramLabel = "NAME|FILE",
      description = {
        "lenet5, mnist-cnn, vgg-small, or a text file with a layer on each line, such as",
        "  input 1x28x28",
        "  conv2d 32 3 padding 1 relu",
        "  maxpool 2",
        "  flatten",
        "  dense 10",
        "Default: " + DEFAULT + "."
      })
  private String network;

  /** The name or file; the default where none was given. */
  public String name() {
    return network == null ? DEFAULT : network;
  }

  /** Whether the user said it. */
  public boolean isGiven() {
    return network != null;
  }

  /** Before anything is loaded: whether there is such a network or file. */
  public void check() {
    if (!isNamed() && !Files.exists(Path.of(name()))) {
      throw new UsageException(
          "unknown network \"%s\"; there are %s, or name a file with a description"
              .formatted(name(), String.join(", ", Zoo.names())));
    }
  }

  /** Whether it is one of the networks known by name. */
  public boolean isNamed() {
    return Zoo.names().contains(name());
  }

  /**
   * The network's description.
   *
   * @param input the shape of a sample
   * @param classes how many outputs it must have
   * @throws IOException if it is in a file that cannot be read
   */
  public NetworkSpec spec(Shape input, int classes) throws IOException {
    if (isNamed()) {
      return UsageException.check(() -> Zoo.spec(name(), input, classes));
    }
    NetworkSpec spec = read();
    if (!spec.input().equals(input)) {
      throw new UsageException(
          "network " + name() + " takes " + spec.input() + ", the images are " + input);
    }
    if (spec.output().size() != classes) {
      throw new UsageException(
          "network %s has %d outputs, the data set %d classes; end it with \"dense %d\""
              .formatted(name(), spec.output().size(), classes, classes));
    }
    return spec;
  }

  /**
   * The network's description for a data set, whose mean and standard deviation a named network
   * normalises with; a file says itself how.
   *
   * @throws IOException if it is in a file that cannot be read
   */
  public NetworkSpec spec(Dataset training) throws IOException {
    NetworkSpec spec = spec(training.shape(), training.classes());
    return isNamed() ? Normalization.apply(spec, training) : spec;
  }

  /**
   * The network's description from the file it is in.
   *
   * @throws IOException if it cannot be read
   */
  public NetworkSpec read() throws IOException {
    check();
    Path file = Path.of(name());
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw new IOException("network description " + file + " cannot be read: " + e, e);
    }
    try {
      return NetworkText.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }
}

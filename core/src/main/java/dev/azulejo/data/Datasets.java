package dev.azulejo.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Data sets by name, as the command line asks for them. */
public final class Datasets {

  /** Where messages go when the caller gives no other place. */
  static final Consumer<String> LOG_MESSAGES =
      text -> System.getLogger("dev.azulejo.data").log(System.Logger.Level.INFO, text);

  private static final List<String> NAMES =
      List.of("fashion-mnist", "mnist", "cifar10", "cifar100", "glyphs", "folder:PATH");

  private static final String FOLDER = "folder:";

  /** A path, and optionally @CxHxW. */
  private static final Pattern FOLDER_AND_SHAPE = Pattern.compile("(.+)@(\\d+)x(\\d+)x(\\d+)");

  private static final double TEST_FRACTION = 0.2;
  private static final long SPLIT_SEED = 42;

  private Datasets() {}

  /** The names that {@link #named} knows; {@code PATH} stands for a folder. */
  public static List<String> names() {
    return NAMES;
  }

  /**
   * Loads a data set.
   *
   * <ul>
   *   <li>{@code fashion-mnist}, {@code mnist}: from {@code dataDir} or the folder in the
   *       environment variable AZULEJO_DATA (the IDX files in it, or in a folder of the data set's
   *       name in it), and from nowhere else if one is given. Otherwise from the cache folder
   *       ($XDG_CACHE_HOME/azulejo or ~/.cache/azulejo), the Debian package dataset-fashion-mnist,
   *       by download into the cache folder, or by installing that package where this process is
   *       root on a Debian-like system. All but the first are verified by SHA-256.
   *   <li>{@code cifar10}, {@code cifar100}: the binary version's files from {@code dataDir},
   *       AZULEJO_DATA, or a folder of that name in the cache folder.
   *   <li>{@code glyphs}: generated; see {@link Glyphs}.
   *   <li>{@code folder:PATH}: images in a folder for each class, in PATH/train and PATH/test, or
   *       in PATH itself, of which a fifth of each class then becomes the test part. {@code
   *       folder:PATH@CxHxW} names the shape they are resized to, otherwise it is that of the first
   *       image.
   * </ul>
   *
   * @param name one of {@link #names}
   * @param dataDir the folder the user named, or null
   * @param messages receives a line whenever something happens that the user should know: where the
   *     files are, a download, an installation, a file that was refused
   * @throws DatasetException if the data set is nowhere to be had, or its files are not right
   * @throws IllegalArgumentException if the name is unknown, or the data set has no use for {@code
   *     dataDir}
   */
  public static TrainTest named(String name, Path dataDir, Consumer<String> messages) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(messages, "messages");
    if (name.startsWith(FOLDER) && name.length() > FOLDER.length()) {
      refuseDataDir(name, dataDir);
      return imageFolder(name.substring(FOLDER.length()), messages);
    }
    return switch (name) {
      case "fashion-mnist" -> idx(FashionMnist.FILES, dataDir, messages);
      case "mnist" -> idx(Mnist.FILES, dataDir, messages);
      case "cifar10" -> CifarDataset.cifar10(cifarFolder(name, dataDir, messages));
      case "cifar100" -> CifarDataset.cifar100(cifarFolder(name, dataDir, messages));
      case "glyphs" -> {
        refuseDataDir(name, dataDir);
        yield new TrainTest(Glyphs.train(), Glyphs.test());
      }
      default ->
          throw new IllegalArgumentException(
              "unknown data set \"%s\"; there are %s".formatted(name, String.join(", ", NAMES)));
    };
  }

  private static void refuseDataDir(String name, Path dataDir) {
    if (dataDir != null) {
      throw new IllegalArgumentException(
          "data set %s reads nothing from a data folder; leave out %s".formatted(name, dataDir));
    }
  }

  private static TrainTest idx(PublishedIdx files, Path dataDir, Consumer<String> messages) {
    DatasetLocator locator = DatasetLocator.standard(files, dataDir, messages);
    TrainTest loaded = new TrainTest(locator.load(files.train()), locator.load(files.test()));
    messages.accept("%s is read from %s".formatted(files.title(), locator.source()));
    return loaded;
  }

  private static Path cifarFolder(String name, Path dataDir, Consumer<String> messages) {
    Path folder = cifarFolder(name, DataFolders.ofProcess(dataDir));
    messages.accept("%s is read from %s".formatted(name, folder));
    return folder;
  }

  static Path cifarFolder(String name, DataFolders folders) {
    if (folders.explicit() != null) {
      return folders.explicitFor(name);
    }
    Path cache = folders.cacheFor(name);
    if (!Files.isDirectory(cache)) {
      throw new DatasetException(
          "%s is not downloaded by Azulejo: unpack its binary version and name the folder with --data-dir"
                  .formatted(name)
              + " or AZULEJO_DATA, or put it into %s; or use the generated images: --data glyphs"
                  .formatted(cache));
    }
    return cache;
  }

  private static TrainTest imageFolder(String pathAndShape, Consumer<String> messages) {
    Matcher matcher = FOLDER_AND_SHAPE.matcher(pathAndShape);
    Shape shape = null;
    Path root = Path.of(pathAndShape);
    if (matcher.matches()) {
      root = Path.of(matcher.group(1));
      shape = shape(pathAndShape, matcher);
    }
    Path train = root.resolve("train");
    Path test = root.resolve("test");
    boolean separate = Files.isDirectory(train) && Files.isDirectory(test);
    if (shape == null) {
      shape = ImageFolder.firstShape(separate ? train : root);
      messages.accept(
          "Images are read as %s, like the first one; folder:PATH@CxHxW names another shape"
              .formatted(shape));
    }
    if (separate) {
      return new TrainTest(ImageFolder.read(train, shape), ImageFolder.read(test, shape));
    }
    messages.accept(
        "%s has no folders train and test; a fifth of each class, chosen at random (seed %d), is the test part"
            .formatted(root, SPLIT_SEED));
    Splits splits = Splits.stratified(ImageFolder.read(root, shape), 0, TEST_FRACTION, SPLIT_SEED);
    return new TrainTest(splits.train(), splits.test());
  }

  private static Shape shape(String text, Matcher matcher) {
    try {
      return new Shape(
          Integer.parseInt(matcher.group(2)),
          Integer.parseInt(matcher.group(3)),
          Integer.parseInt(matcher.group(4)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "folder:%s does not end in a shape CxHxW: %s".formatted(text, e.getMessage()), e);
    }
  }
}

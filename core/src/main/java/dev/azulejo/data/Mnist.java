package dev.azulejo.data;

import java.net.URI;
import java.util.List;

/**
 * MNIST (LeCun, Cortes and Burges 1998): 60,000 + 10,000 gray images of 28 x 28 of handwritten
 * digits. {@link Datasets#named} says where its files are looked for.
 */
public final class Mnist {

  /** The names of the classes, by label. */
  public static final List<String> CLASS_NAMES =
      List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

  /**
   * The original home no longer serves the files; this is the mirror that PyTorch keeps. The
   * checksums are of the uncompressed contents, as several public projects record them for these
   * files.
   */
  static final PublishedIdx FILES =
      new PublishedIdx(
          "mnist",
          "MNIST",
          URI.create("https://ossci-datasets.s3.amazonaws.com/mnist/"),
          null,
          null,
          CLASS_NAMES,
          new PublishedIdx.Part(
              PublishedIdx.trainImages(
                  "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
              PublishedIdx.trainLabels(
                  "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5")),
          new PublishedIdx.Part(
              PublishedIdx.testImages(
                  "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
              PublishedIdx.testLabels(
                  "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")));

  private Mnist() {}

  /**
   * The 60,000 samples to learn from.
   *
   * @throws DatasetException if they are nowhere to be had; the message lists what was tried
   */
  public static Dataset train() {
    return DatasetLocator.standard(FILES, null, Datasets.LOG_MESSAGES).load(FILES.train());
  }

  /**
   * The 10,000 samples to measure on.
   *
   * @throws DatasetException if they are nowhere to be had; the message lists what was tried
   */
  public static Dataset test() {
    return DatasetLocator.standard(FILES, null, Datasets.LOG_MESSAGES).load(FILES.test());
  }

  /** Normalises with the mean (0.1307) and standard deviation (0.3081) of the training part. */
  public static Normalize normalize() {
    return Normalize.of(0.1307f, 0.3081f);
  }
}

package dev.azulejo.data;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;

/**
 * Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747): 60,000 + 10,000 gray images of
 * 28 x 28 of clothing, 10 classes, under the MIT licence. {@link Datasets#named} says where its
 * files are looked for.
 */
public final class FashionMnist {

  /** The names of the classes, by label. */
  public static final List<String> CLASS_NAMES =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");

  /**
   * The checksums are of the uncompressed contents, computed from Debian's package
   * dataset-fashion-mnist and equal to those of the archives published at the home address.
   */
  static final PublishedIdx FILES =
      new PublishedIdx(
          "fashion-mnist",
          "Fashion-MNIST",
          URI.create("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
          "dataset-fashion-mnist",
          Path.of("/usr/share/datasets/fashion-mnist"),
          CLASS_NAMES,
          new PublishedIdx.Part(
              PublishedIdx.trainImages(
                  "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
              PublishedIdx.trainLabels(
                  "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9")),
          new PublishedIdx.Part(
              PublishedIdx.testImages(
                  "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
              PublishedIdx.testLabels(
                  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34")));

  private FashionMnist() {}

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

  /** Normalises with the mean (0.2860) and standard deviation (0.3530) of the training part. */
  public static Normalize normalize() {
    return Normalize.of(0.2860f, 0.3530f);
  }
}

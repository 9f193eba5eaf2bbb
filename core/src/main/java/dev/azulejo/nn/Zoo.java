package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import java.util.List;

/** The networks known by name; ReLU throughout. */
public final class Zoo {
  private Zoo() {}

  /** Their names. */
  public static List<String> names() {
    return List.of("lenet5", "mnist-cnn", "vgg-small");
  }

  /**
   * The samples a network was made for: gray 28x28 images, or for {@code vgg-small} colour 32x32.
   *
   * @param name one of {@link #names}
   */
  public static Shape defaultInput(String name) {
    return name.equals("vgg-small") ? new Shape(3, 32, 32) : new Shape(1, 28, 28);
  }

  /**
   * The description of a network.
   *
   * @param name one of {@link #names}
   * @param input the shape of a sample
   * @param classes how many outputs
   * @throws IllegalArgumentException if the name is unknown or the samples are too small for the
   *     network
   */
  public static NetworkSpec spec(String name, Shape input, int classes) {
    return builder(name, input, classes).spec();
  }

  static NetworkBuilder builder(String name, Shape input, int classes) {
    NetworkBuilder net = new NetworkBuilder(null).input(input);
    return switch (name) {
      case "lenet5" ->
          net.conv2d(6, 5)
              .padding(2)
              .relu()
              .maxPool(2)
              .conv2d(16, 5)
              .relu()
              .maxPool(2)
              .flatten()
              .dense(120)
              .relu()
              .dense(84)
              .relu()
              .dense(classes);
      case "mnist-cnn" ->
          net.conv2d(32, 3)
              .padding(1)
              .relu()
              .maxPool(2)
              .conv2d(64, 3)
              .padding(1)
              .relu()
              .maxPool(2)
              .flatten()
              .dense(128)
              .relu()
              .dense(classes);
      case "vgg-small" ->
          net.conv2d(32, 3)
              .padding(1)
              .relu()
              .conv2d(32, 3)
              .padding(1)
              .relu()
              .maxPool(2)
              .conv2d(64, 3)
              .padding(1)
              .relu()
              .conv2d(64, 3)
              .padding(1)
              .relu()
              .maxPool(2)
              .flatten()
              .dense(256)
              .relu()
              .dense(classes);
      default ->
          throw new IllegalArgumentException(
              "unknown network \"" + name + "\"; known: " + String.join(", ", names()));
    };
  }
}

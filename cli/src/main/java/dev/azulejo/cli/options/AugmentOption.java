package dev.azulejo.cli.options;

import dev.azulejo.cli.UsageException;
import dev.azulejo.data.HorizontalFlip;
import dev.azulejo.data.RandomCrop;
import dev.azulejo.data.Shape;
import dev.azulejo.data.Shift;
import dev.azulejo.data.Transform;
import java.util.List;
import picocli.CommandLine.Option;

/** How training images are varied. */
public final class AugmentOption {
  private static final int PIXELS = 2;

  @Option(
      names = "--augment",
      paramLabel = "KIND",
      split = ",",
      description =
          "Vary the training images at random: shift[:PIXELS] (black comes in), flip (left and"
              + " right), crop[:PIXELS] (edges are mirrored); several with commas. PIXELS is "
              + PIXELS
              + " if left out.")
  private List<String> kinds = List.of();

  /**
   * The transforms asked for, one after the other; the identity for none.
   *
   * @param shape of the images, which must be large enough
   */
  public Transform transform(Shape shape) {
    return Transform.chain(
        kinds.stream()
            .map(kind -> UsageException.check(() -> parse(kind, shape)))
            .toArray(Transform[]::new));
  }

  /** Whether there is any. */
  public boolean isGiven() {
    return !kinds.isEmpty();
  }

  /** As it was written. */
  public String text() {
    return String.join(",", kinds);
  }

  private static Transform parse(String text, Shape shape) {
    int colon = text.indexOf(':');
    String kind = colon < 0 ? text : text.substring(0, colon);
    int pixels = PIXELS;
    try {
      pixels = colon < 0 ? PIXELS : Integer.parseInt(text.substring(colon + 1));
    } catch (NumberFormatException e) {
      throw new UsageException("--augment " + text + ": after the colon comes a number of pixels");
    }
    int smaller = Math.min(shape.height(), shape.width());
    if (2 * pixels >= smaller) {
      throw new UsageException(
          "--augment " + text + ": images of " + shape + " need less than " + (smaller + 1) / 2);
    }
    return switch (kind) {
      case "shift" -> new Shift(pixels);
      case "crop" -> new RandomCrop(pixels);
      case "flip" -> {
        if (colon >= 0) {
          throw new UsageException("--augment " + text + ": flip takes no number");
        }
        yield new HorizontalFlip();
      }
      default ->
          throw new UsageException(
              "--augment " + text + ": there are shift[:PIXELS], flip, crop[:PIXELS]");
    };
  }
}

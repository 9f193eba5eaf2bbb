package dev.azulejo.ops;

import dev.azulejo.device.Sizes;

/** How many places a window has that slides over a padded axis. */
final class Windows {
  private Windows() {}

  /**
   * The length of the output along one axis, (length + 2 padding - covered) / stride + 1, rounded
   * down, where covered = dilation (window - 1) + 1.
   *
   * @param axis "rows" or "columns", for the message
   * @param window what slides, "kernel" or "window", for the message
   * @throws IllegalArgumentException where the window does not fit the padded input, or a size does
   *     not fit 64 bits
   */
  static long outputLength(
      String axis,
      String window,
      long length,
      long size,
      long stride,
      long padding,
      long dilation) {
    long padded =
        Sizes.add(
            length, "input " + axis, Sizes.multiply(2, "2", padding, "padding"), "2 * padding");
    long covered =
        Sizes.add(
            Sizes.multiply(dilation, "dilation", size - 1, "(" + window + " " + axis + " - 1)"),
            "dilation * (" + window + " " + axis + " - 1)",
            1,
            "1");
    if (covered > padded) {
      throw new IllegalArgumentException(
          "the "
              + window
              + " covers "
              + covered
              + " "
              + axis
              + " (size "
              + size
              + ", dilation "
              + dilation
              + ") but the padded input has only "
              + padded
              + " (input "
              + length
              + ", padding "
              + padding
              + " on each side)");
    }
    return (padded - covered) / stride + 1;
  }
}

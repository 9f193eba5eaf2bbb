package dev.azulejo.reference;

import java.util.List;

/**
 * A line of dense-small.csv.
 *
 * @param name the line's name
 * @param batch samples
 * @param inputs elements of a sample's x
 * @param outputs elements of a sample's y
 */
public record DenseCase(String name, int batch, int inputs, int outputs) {
  /** All of them. */
  public static List<DenseCase> all() {
    return Shapes.read("dense-small.csv").stream()
        .map(
            line ->
                new DenseCase(
                    line.toString(), line.get("batch"), line.get("inputs"), line.get("outputs")))
        .toList();
  }

  @Override
  public String toString() {
    return name;
  }
}

package dev.azulejo.signal;

import dev.azulejo.device.Sizes;
import java.util.Arrays;
import java.util.Objects;

/**
 * A matrix of floats.
 *
 * @param rows at least 1
 * @param columns at least 1
 * @param values rows * columns elements, row after row; not copied
 */
public record Matrix(int rows, int columns, float[] values) {
  /** Checks the sizes. */
  public Matrix {
    Sizes.atLeast(1, rows, "rows");
    Sizes.atLeast(1, columns, "columns");
    Objects.requireNonNull(values, "values");
    if ((long) rows * columns != values.length) {
      throw new IllegalArgumentException(
          "a matrix of "
              + rows
              + " rows and "
              + columns
              + " columns needs "
              + (long) rows * columns
              + " values, got "
              + values.length);
    }
  }

  /**
   * A matrix of rows, copied.
   *
   * @throws IllegalArgumentException where there is no row, or the rows are not equally long
   */
  public static Matrix of(float[]... rows) {
    Sizes.atLeast(1, rows.length, "rows");
    int columns = rows[0].length;
    float[] values = new float[Math.multiplyExact(rows.length, columns)];
    for (int i = 0; i < rows.length; i++) {
      if (rows[i].length != columns) {
        throw new IllegalArgumentException(
            "row " + i + " has " + rows[i].length + " elements, row 0 has " + columns);
      }
      System.arraycopy(rows[i], 0, values, i * columns, columns);
    }
    return new Matrix(rows.length, columns, values);
  }

  /** An element. */
  public float get(int row, int column) {
    Objects.checkIndex(row, rows);
    Objects.checkIndex(column, columns);
    return values[row * columns + column];
  }

  /** Equal sizes and equal values. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Matrix m
        && m.rows == rows
        && m.columns == columns
        && Arrays.equals(m.values, values);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * rows + columns) + Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return rows + " x " + columns + " " + Arrays.toString(values);
  }
}

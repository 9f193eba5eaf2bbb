package dev.azulejo.ops;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the problem lists that tests and benchmarks share, native/shapes/*.csv. */
public final class Shapes {
  private static final Path FOLDER = Path.of("..", "native", "shapes");

  private Shapes() {}

  /** A line of a list, by column. */
  public record Line(String list, Map<String, String> values) {
    /** A column that is a whole number. */
    public int get(String column) {
      return Integer.parseInt(text(column));
    }

    /** A column that is a number. */
    public float number(String column) {
      return Float.parseFloat(text(column));
    }

    /** A column. */
    public String text(String column) {
      String value = values.get(column);
      if (value == null) {
        throw new IllegalArgumentException(
            list + " has no column " + column + ": " + values.keySet());
      }
      return value;
    }

    @Override
    public String toString() {
      return text("name");
    }
  }

  /** The lines of a list, such as "conv-small.csv". */
  public static List<Line> read(String list) {
    List<String> lines;
    try {
      lines = Files.readAllLines(FOLDER.resolve(list));
    } catch (IOException e) {
      throw new UncheckedIOException("tests run in the folder core, beside native/shapes", e);
    }
    String[] columns = lines.get(0).split(",");
    var read = new ArrayList<Line>();
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split(",", -1);
      if (fields.length != columns.length) {
        throw new IllegalArgumentException(list + ": " + fields.length + " fields in: " + line);
      }
      var values = new LinkedHashMap<String, String>();
      for (int i = 0; i < fields.length; i++) {
        values.put(columns[i], fields[i]);
      }
      read.add(new Line(list, values));
    }
    return List.copyOf(read);
  }
}

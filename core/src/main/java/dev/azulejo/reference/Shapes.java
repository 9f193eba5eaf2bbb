package dev.azulejo.reference;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The problem lists that tests, the self-test and benchmarks share: native/shapes/*.csv, packed
 * into core's jar.
 */
public final class Shapes {
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
    List<String> lines = lines(list);
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

  private static List<String> lines(String list) {
    try (InputStream in = Shapes.class.getResourceAsStream("shapes/" + list)) {
      if (in == null) {
        throw new IllegalArgumentException(
            "there is no problem list " + list + "; they are the files of native/shapes");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("the problem list " + list + " cannot be read", e);
    }
  }
}

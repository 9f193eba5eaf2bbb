package dev.azulejo.compare.measure;

import dev.azulejo.reference.Shapes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Problems to measure, one a line: a list of native/shapes by its name, or a file like those. */
public final class ProblemList {
  private ProblemList() {}

  /** A line of a list. */
  public static final class Line {
    private final String source;
    private final int number;
    private final List<String> columns;
    private final String[] fields;

    private Line(String source, int number, List<String> columns, String[] fields) {
      this.source = source;
      this.number = number;
      this.columns = columns;
      this.fields = fields;
    }

    /** A column as it stands. */
    public String text(String column) {
      return fields[columns.indexOf(column)];
    }

    /**
     * A column that is a whole number.
     *
     * @param least the smallest that makes sense
     */
    public int number(String column, int least) {
      String text = text(column);
      try {
        int value = Integer.parseInt(text.strip());
        if (value >= least) {
          return value;
        }
      } catch (NumberFormatException e) {
        // Said below, like a number that is too small.
      }
      throw new IllegalArgumentException(
          "%s: %s is \"%s\", expected is a whole number, at least %d"
              .formatted(at(column), column, text, least));
    }

    /** A column that is 0 or 1. */
    public boolean flag(String column) {
      if (number(column, 0) > 1) {
        throw new IllegalArgumentException(
            "%s: %s is \"%s\", expected is 0 or 1".formatted(at(column), column, text(column)));
      }
      return number(column, 0) == 1;
    }

    /** What makes a problem of the line; where the library refuses it, the line is named. */
    public <T> T make(Supplier<T> maker) {
      try {
        return maker.get();
      } catch (IllegalArgumentException e) {
        if (e.getMessage().startsWith(source)) {
          throw e;
        }
        throw new IllegalArgumentException(source + ":" + number + ": " + e.getMessage(), e);
      }
    }

    /** Source, line and column of the text, counted from 1. */
    private String at(String column) {
      int characters = 1;
      for (int i = 0; i < columns.indexOf(column); i++) {
        characters += fields[i].length() + 1;
      }
      return source + ":" + number + ":" + characters;
    }
  }

  /**
   * Reads a list.
   *
   * @param source a file, or the name of a list such as {@code conv-cpu}
   * @param expected the columns it has, in this order
   * @throws IllegalArgumentException if there is no such file or list, or a line is not as
   *     expected; the message says where and what would be right
   * @throws IOException if it cannot be read
   */
  public static List<Line> read(String source, List<String> expected) throws IOException {
    List<String> lines = lines(source, expected);
    String header = String.join(",", expected);
    if (lines.isEmpty() || !lines.getFirst().strip().equals(header)) {
      throw new IllegalArgumentException(
          "%s:1:1: the first line is \"%s\", expected is \"%s\""
              .formatted(source, lines.isEmpty() ? "" : lines.getFirst(), header));
    }
    var read = new ArrayList<Line>();
    for (int i = 1; i < lines.size(); i++) {
      if (lines.get(i).isBlank()) {
        continue;
      }
      String[] fields = lines.get(i).split(",", -1);
      if (fields.length != expected.size()) {
        throw new IllegalArgumentException(
            "%s:%d:%d: %d fields, expected are %d: %s"
                .formatted(
                    source,
                    i + 1,
                    lines.get(i).length() + 1,
                    fields.length,
                    expected.size(),
                    header));
      }
      read.add(new Line(source, i + 1, expected, fields));
    }
    if (read.isEmpty()) {
      throw new IllegalArgumentException(source + ":2:1: no problem follows the first line");
    }
    return read;
  }

  private static List<String> lines(String source, List<String> expected) throws IOException {
    Path file = Path.of(source);
    if (Files.isRegularFile(file)) {
      return Files.readAllLines(file);
    }
    try (InputStream packed = Shapes.class.getResourceAsStream("shapes/" + source + ".csv")) {
      if (packed != null) {
        return new String(packed.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      }
    }
    throw new IllegalArgumentException(
        "there is neither a file \"%s\" nor a list of that name in native/shapes; a file begins with"
                .formatted(source)
            + " the line "
            + String.join(",", expected));
  }
}

package dev.azulejo.compare.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows of named columns, for the terminal and as CSV. What begins like a number goes to the right.
 */
public final class Table {
  private static final String GAP = "  ";

  private final List<String> headings;
  private final List<List<String>> rows = new ArrayList<>();

  /** A table with these columns. */
  public Table(String... headings) {
    this.headings = List.of(headings);
  }

  /** Adds a row of as many cells as there are columns. */
  public Table row(Object... cells) {
    if (cells.length != headings.size()) {
      throw new IllegalArgumentException(
          "a row of " + cells.length + " cells in a table of " + headings.size() + " columns");
    }
    var row = new ArrayList<String>();
    for (Object cell : cells) {
      row.add(String.valueOf(cell));
    }
    rows.add(row);
    return this;
  }

  /** As CSV (RFC 4180), the headings in the first line. */
  public String csv() {
    StringBuilder text = new StringBuilder(csvLine(headings));
    rows.forEach(row -> text.append(csvLine(row)));
    return text.toString();
  }

  /** As Markdown. */
  public String markdown() {
    StringBuilder text = new StringBuilder("| " + String.join(" | ", headings) + " |\n|");
    text.append("---|".repeat(headings.size())).append('\n');
    for (List<String> row : rows) {
      text.append("| ").append(String.join(" | ", row)).append(" |\n");
    }
    return text.toString();
  }

  /** For the terminal. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    append(text, headings);
    rows.forEach(row -> append(text, row));
    return text.toString();
  }

  private void append(StringBuilder text, List<String> row) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < row.size(); i++) {
      String cell = row.get(i);
      String padding = " ".repeat(width(i) - cell.length());
      line.append(i == 0 ? "" : GAP);
      line.append(isNumber(i) ? padding + cell : cell + padding);
    }
    text.append(line.toString().stripTrailing()).append(System.lineSeparator());
  }

  private int width(int column) {
    return rows.stream()
        .mapToInt(row -> row.get(column).length())
        .reduce(headings.get(column).length(), Math::max);
  }

  private boolean isNumber(int column) {
    return rows.stream().anyMatch(row -> row.get(column).matches("[-+]?[0-9].*"))
        && rows.stream().allMatch(row -> row.get(column).matches("([-+]?[0-9].*)?-?"));
  }

  private static String csvLine(List<String> cells) {
    return String.join(",", cells.stream().map(Table::csvCell).toList()) + "\n";
  }

  private static String csvCell(String cell) {
    return cell.matches("(?s).*[\",\r\n].*") ? '"' + cell.replace("\"", "\"\"") + '"' : cell;
  }
}

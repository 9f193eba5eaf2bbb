package dev.azulejo.data;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Label encoding (row T3, T§2.5.4): the distinct names of the classes, sorted, are numbered 0, 1,
 * 2, ...
 *
 * <p>Sorting by {@link String#compareTo} makes the numbers depend on the set of names only, not on
 * the order in which samples come. Immutable.
 */
public final class LabelEncoding {

  private final List<String> classNames;
  private final Map<String, Integer> labels = new HashMap<>();

  private LabelEncoding(List<String> classNames) {
    this.classNames = classNames;
    for (int label = 0; label < classNames.size(); label++) {
      labels.put(classNames.get(label), label);
    }
  }

  /**
   * Numbers the distinct names among {@code names}.
   *
   * @throws IllegalArgumentException if there is no name
   */
  public static LabelEncoding of(Collection<String> names) {
    if (names.isEmpty()) {
      throw new IllegalArgumentException("a label encoding needs at least one class name");
    }
    return new LabelEncoding(List.copyOf(new TreeSet<>(names)));
  }

  /** The names by label. */
  public List<String> classNames() {
    return classNames;
  }

  /**
   * The label of a name.
   *
   * @throws IllegalArgumentException if it is none of the classes
   */
  public int encode(String name) {
    Integer label = labels.get(name);
    if (label == null) {
      throw new IllegalArgumentException("\"" + name + "\" is none of the classes " + classNames);
    }
    return label;
  }

  /** The label of each name. */
  public int[] encode(List<String> names) {
    return names.stream().mapToInt(this::encode).toArray();
  }

  /**
   * The name of a label.
   *
   * @throws IllegalArgumentException if it is no label
   */
  public String decode(int label) {
    if (label < 0 || label >= classNames.size()) {
      throw new IllegalArgumentException(
          "label %s is not among 0 to %s, the labels of %s"
              .formatted(label, classNames.size() - 1, classNames));
    }
    return classNames.get(label);
  }
}

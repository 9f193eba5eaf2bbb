package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/** The words of one line of a network description, taken from left to right. */
final class Words {
  private final Deque<String> rest;

  Words(String line) {
    rest = new ArrayDeque<>(List.of(line.split("\\s+")));
  }

  boolean more() {
    return !rest.isEmpty();
  }

  String word(String expected) {
    if (rest.isEmpty()) {
      throw new IllegalArgumentException(expected + " is missing");
    }
    return rest.removeFirst();
  }

  void keyword(String keyword) {
    String word = word("\"" + keyword + "\"");
    if (!word.equals(keyword)) {
      throw new IllegalArgumentException(
          "expected \"" + keyword + "\" first, as in \"input 1x28x28\", found \"" + word + "\"");
    }
  }

  int integer(String name) {
    String word = word(name);
    try {
      return Integer.parseInt(word);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + " must be a whole number, was \"" + word + "\"", e);
    }
  }

  float number(String name) {
    String word = word(name);
    try {
      return Float.parseFloat(word);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + " must be a number, was \"" + word + "\"", e);
    }
  }

  List<Float> numbers(String name) {
    String word = word(name);
    try {
      return Arrays.stream(word.split(",", -1)).map(Float::valueOf).toList();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          name
              + " must be a number, or one for each channel such as 0.49,0.48,0.45, was \""
              + word
              + "\"",
          e);
    }
  }

  Pair pair(String name) {
    int[] numbers = dimensions(word(name), name, "3 or 1x5");
    if (numbers.length > 2) {
      throw new IllegalArgumentException(name + " has more than two numbers, want 3 or 1x5");
    }
    return new Pair(numbers[0], numbers[numbers.length - 1]);
  }

  Shape shape() {
    String word = word("the input's shape");
    int[] numbers = dimensions(word, "the input's shape", "1x28x28");
    if (numbers.length != 3) {
      throw new IllegalArgumentException(
          "the input's shape must be channels x rows x columns, such as 1x28x28, was \""
              + word
              + "\"");
    }
    return new Shape(numbers[0], numbers[1], numbers[2]);
  }

  Layer end(Layer layer) {
    if (more()) {
      throw new IllegalArgumentException("\"" + rest.getFirst() + "\" is too much here");
    }
    return layer;
  }

  IllegalArgumentException unknown(String word, String known) {
    return new IllegalArgumentException("unknown word \"" + word + "\"; known here: " + known);
  }

  private static int[] dimensions(String word, String name, String example) {
    try {
      return Arrays.stream(word.split("x", -1)).mapToInt(Integer::parseInt).toArray();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          name + " must be such as " + example + ", was \"" + word + "\"", e);
    }
  }
}

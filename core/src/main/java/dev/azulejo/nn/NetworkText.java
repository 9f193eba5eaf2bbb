package dev.azulejo.nn;

import dev.azulejo.data.Shape;
import dev.azulejo.ops.Activation;
import dev.azulejo.ops.ConvAlgorithm;
import dev.azulejo.ops.PoolMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A network description as text, a layer on each line; {@code #} starts a comment.
 *
 * <pre>
 * input 1x28x28 mean 0.286 std 0.353   # one number, or one for each channel: 0.49,0.48,0.45
 * conv2d 32 3 padding 1 relu     # filters, kernel (3 or 1x5); stride, padding, dilation, groups, activation
 * maxpool 2                      # window; stride, padding
 * flatten
 * dense 128 relu
 * dense 10
 * </pre>
 */
public final class NetworkText {
  private NetworkText() {}

  /** The description as text; {@link #parse} reads it back as an equal one. */
  public static String format(NetworkSpec spec) {
    StringBuilder text = new StringBuilder("input ").append(spec.input());
    if (spec.normalizes()) {
      text.append(" mean ").append(join(spec.mean())).append(" std ").append(join(spec.std()));
    }
    text.append('\n');
    for (Layer layer : spec.layers()) {
      text.append(layer.describe()).append('\n');
    }
    return text.toString();
  }

  /**
   * Reads a description.
   *
   * @throws IllegalArgumentException if it is not one; the message names the line and what may
   *     stand there
   */
  public static NetworkSpec parse(String text) {
    Shape input = null;
    List<Float> mean = List.of(0f);
    List<Float> std = List.of(1f);
    List<Layer> layers = new ArrayList<>();
    int number = 0;
    for (String raw : text.split("\\R", -1)) {
      number++;
      String line = raw.replaceFirst("#.*", "").strip();
      if (line.isEmpty()) {
        continue;
      }
      Words words = new Words(line);
      try {
        if (input == null) {
          words.keyword("input");
          input = words.shape();
          while (words.more()) {
            switch (words.word("mean or std")) {
              case "mean" -> mean = words.numbers("mean");
              case "std" -> std = words.numbers("std");
              case String other -> throw words.unknown(other, "mean, std");
            }
          }
        } else {
          layers.add(layer(words));
        }
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "network description, line " + number + " \"" + line + "\": " + e.getMessage(), e);
      }
    }
    if (input == null) {
      throw new IllegalArgumentException(
          "network description is empty; it begins with a line such as \"input 1x28x28\"");
    }
    return new NetworkSpec(input, mean, std, layers);
  }

  private static String join(List<Float> numbers) {
    return String.join(",", numbers.stream().map(String::valueOf).toList());
  }

  private static Layer layer(Words words) {
    String kind = words.word("a layer");
    return switch (kind) {
      case "conv2d" -> conv(words, false);
      case "conv1d" -> conv(words, true);
      case "maxpool" -> pool(words, PoolMode.MAX);
      case "meanpool" -> pool(words, PoolMode.MEAN);
      case "dense" -> dense(words);
      case "flatten" -> words.end(new Flatten());
      case "softmax" -> words.end(new Softmax());
      default -> {
        Activation activation = activation(kind);
        if (activation == null) {
          throw words.unknown(
              kind,
              "conv2d, conv1d, maxpool, meanpool, dense, flatten, softmax, relu, leaky-relu, sigmoid, tanh");
        }
        yield words.end(new ActivationLayer(activation, slope(words, activation)));
      }
    };
  }

  private static Layer conv(Words words, boolean oneDimensional) {
    int filters = words.integer("filters");
    Pair kernel = words.pair("kernel");
    Conv2d conv = Conv2d.of(filters, oneDimensional ? new Pair(1, kernel.w()) : kernel);
    while (words.more()) {
      String word = words.word("an option");
      conv =
          switch (word) {
            case "stride" -> conv.withStride(words.pair(word));
            case "padding" -> conv.withPadding(rows(words.pair(word), oneDimensional));
            case "dilation" -> conv.withDilation(words.pair(word));
            case "groups" -> conv.withGroups(words.integer(word));
            case "algorithm" -> conv.withAlgorithm(algorithm(words.word(word)));
            case "samples-per-unroll" -> conv.withSamplesPerUnroll(words.integer(word));
            default -> {
              Activation activation = activation(word);
              if (activation == null) {
                throw words.unknown(
                    word,
                    "stride, padding, dilation, groups, algorithm, samples-per-unroll, relu, leaky-relu, sigmoid, tanh");
              }
              yield conv.withActivation(activation, slope(words, activation));
            }
          };
    }
    return conv;
  }

  /** A single number after conv1d is meant for the columns: there is only one row to pad. */
  private static Pair rows(Pair padding, boolean oneDimensional) {
    return oneDimensional ? new Pair(0, padding.w()) : padding;
  }

  private static Layer pool(Words words, PoolMode mode) {
    Pool2d pool = Pool2d.of(mode, words.pair("window"));
    while (words.more()) {
      String word = words.word("an option");
      pool =
          switch (word) {
            case "stride" -> pool.withStride(words.pair(word));
            case "padding" -> pool.withPadding(words.pair(word));
            default -> throw words.unknown(word, "stride, padding");
          };
    }
    return pool;
  }

  private static Layer dense(Words words) {
    Dense dense = Dense.of(words.integer("outputs"));
    if (!words.more()) {
      return dense;
    }
    String word = words.word("an activation");
    Activation activation = activation(word);
    if (activation == null) {
      throw words.unknown(word, "relu, leaky-relu, sigmoid, tanh");
    }
    return words.end(dense.withActivation(activation, slope(words, activation)));
  }

  private static float slope(Words words, Activation activation) {
    return activation == Activation.LEAKY_RELU ? words.number("slope") : 0;
  }

  /** How an activation is written, with a leading space; empty for the identity. */
  static String format(Activation activation, float slope) {
    return switch (activation) {
      case IDENTITY -> "";
      case LEAKY_RELU -> " leaky-relu " + slope;
      default -> " " + activation.name().toLowerCase(Locale.ROOT);
    };
  }

  static String format(ConvAlgorithm algorithm) {
    return algorithm.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Activation activation(String word) {
    return switch (word) {
      case "relu" -> Activation.RELU;
      case "leaky-relu" -> Activation.LEAKY_RELU;
      case "sigmoid" -> Activation.SIGMOID;
      case "tanh" -> Activation.TANH;
      default -> null;
    };
  }

  private static ConvAlgorithm algorithm(String word) {
    for (ConvAlgorithm algorithm : ConvAlgorithm.values()) {
      if (format(algorithm).equals(word)) {
        return algorithm;
      }
    }
    throw new IllegalArgumentException(
        "unknown algorithm \""
            + word
            + "\"; known: "
            + String.join(
                ", ", Arrays.stream(ConvAlgorithm.values()).map(NetworkText::format).toList()));
  }
}

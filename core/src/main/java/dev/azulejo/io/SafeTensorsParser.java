package dev.azulejo.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses the JSON header of a safetensors file. It takes exactly what the format describes and
 * nothing more: the header of a file from anywhere decides how much memory is taken and what is
 * read into it.
 */
final class SafeTensorsParser {

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(4)
                  .maxNumberLength(20)
                  .maxStringLength((int) SafeTensors.LONGEST_HEADER)
                  .build())
          .build();

  /**
   * More dimensions than any network has; without a limit a shape could be as long as the header.
   */
  private static final int MOST_DIMENSIONS = 64;

  private final Path path;
  private final JsonParser json;

  private SafeTensorsParser(Path path, JsonParser json) {
    this.path = path;
    this.json = json;
  }

  /**
   * Parses a header.
   *
   * @param path of the file, for messages
   * @throws CheckpointException if it is anything but what the format describes
   */
  static SafeTensorsHeader parse(Path path, byte[] header) {
    String text;
    try {
      // Decoded here, strictly: left to itself the JSON parser would guess other encodings.
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
    } catch (CharacterCodingException e) {
      throw new CheckpointException(path + ": the header is not UTF-8", e);
    }
    if (!text.startsWith("{")) {
      throw new CheckpointException(path + ": the header does not start with '{', as it must");
    }
    try (JsonParser json = JSON.createParser(text)) {
      return new SafeTensorsParser(path, json).header();
    } catch (JsonProcessingException e) {
      throw new CheckpointException(
          "%s: the header is not JSON as the format has it: %s"
              .formatted(path, e.getOriginalMessage()),
          e);
    } catch (IOException e) {
      throw new IllegalStateException("a string cannot fail to be read", e);
    }
  }

  private SafeTensorsHeader header() throws IOException {
    Map<String, SafeTensorsHeader.Entry> entries = new LinkedHashMap<>();
    Map<String, String> metadata = null;
    expect(JsonToken.START_OBJECT, "the header", "an object");
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      if (name.equals(SafeTensorsHeader.METADATA)) {
        if (metadata != null) {
          throw wrong("%s is there twice", name);
        }
        metadata = metadata();
      } else if (entries.put(name, entry(name)) != null) {
        throw wrong("tensor \"%s\" is there twice", name);
      }
    }
    if (json.nextToken() != null) {
      throw wrong("after the object comes %s; only spaces may follow", json.getText());
    }
    return new SafeTensorsHeader(
        List.copyOf(entries.values()), metadata == null ? Map.of() : metadata);
  }

  private Map<String, String> metadata() throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    expect(JsonToken.START_OBJECT, SafeTensorsHeader.METADATA, "an object");
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String key = json.currentName();
      String what = SafeTensorsHeader.METADATA + " \"" + key + "\"";
      expect(JsonToken.VALUE_STRING, what, "a string");
      if (metadata.put(key, json.getText()) != null) {
        throw wrong("%s is there twice", what);
      }
    }
    return metadata;
  }

  private SafeTensorsHeader.Entry entry(String name) throws IOException {
    String what = "tensor \"" + name + "\"";
    expect(JsonToken.START_OBJECT, what, "an object");
    ElementType type = null;
    long[] shape = null;
    long[] offsets = null;
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String field = json.currentName();
      boolean again =
          switch (field) {
            case "dtype" -> type != null;
            case "shape" -> shape != null;
            case "data_offsets" -> offsets != null;
            default ->
                throw wrong(
                    "%s has a field \"%s\"; dtype, shape and data_offsets are known", what, field);
          };
      if (again) {
        throw wrong("%s has %s twice", what, field);
      }
      switch (field) {
        case "dtype" -> type = type(what);
        case "shape" -> shape = numbers(what, field, MOST_DIMENSIONS);
        default -> offsets = numbers(what, field, 2);
      }
    }
    if (type == null || shape == null || offsets == null) {
      throw wrong(
          "%s has no %s", what, type == null ? "dtype" : shape == null ? "shape" : "data_offsets");
    }
    return checked(name, what, type, shape, offsets);
  }

  private ElementType type(String what) throws IOException {
    expect(JsonToken.VALUE_STRING, what + " dtype", "a string");
    ElementType type = ElementType.of(json.getText());
    if (type == null) {
      throw wrong(
          "%s has the dtype \"%s\"; known are %s",
          what, json.getText(), Arrays.toString(ElementType.values()));
    }
    return type;
  }

  private long[] numbers(String what, String field, int most) throws IOException {
    expect(JsonToken.START_ARRAY, what + " " + field, "an array");
    List<Long> numbers = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      boolean whole =
          json.currentToken() == JsonToken.VALUE_NUMBER_INT
              && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER
              && json.getLongValue() >= 0;
      if (!whole) {
        throw wrong(
            "%s has %s in its %s; whole numbers from 0 to 2^63 - 1 are expected",
            what, json.getText(), field);
      }
      numbers.add(json.getLongValue());
      if (numbers.size() > most) {
        throw wrong("%s has more than %d numbers in its %s", what, most, field);
      }
    }
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }

  private SafeTensorsHeader.Entry checked(
      String name, String what, ElementType type, long[] shape, long[] offsets) {
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw wrong(
          "%s has the data_offsets %s; a begin and an end not before it are expected",
          what, Arrays.toString(offsets));
    }
    long needed;
    try {
      needed = Math.multiplyExact(HostTensor.elements(shape), type.bytes());
    } catch (ArithmeticException e) {
      throw wrong("%s has the shape %s, too large for 63 bits", what, Arrays.toString(shape));
    }
    if (offsets[1] - offsets[0] != needed) {
      throw wrong(
          "%s of %s and shape %s needs %d bytes, its data_offsets %s span %d",
          what,
          type,
          Arrays.toString(shape),
          needed,
          Arrays.toString(offsets),
          offsets[1] - offsets[0]);
    }
    return new SafeTensorsHeader.Entry(name, type, shape, offsets[0], offsets[1]);
  }

  private void expect(JsonToken token, String what, String kind) throws IOException {
    JsonToken found = json.nextToken();
    if (found != token) {
      throw wrong("%s is %s where %s is expected", what, json.getText(), kind);
    }
  }

  private CheckpointException wrong(String format, Object... arguments) {
    return new CheckpointException(path + ": " + format.formatted(arguments));
  }
}

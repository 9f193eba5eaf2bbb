package dev.azulejo.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header of a safetensors file: writes it, and checks that what one says fits the data.
 */
final class SafeTensorsHeader {

  static final String METADATA = "__metadata__";

  private static final JsonFactory JSON = new JsonFactory();

  /** What the header says about one tensor. */
  record Entry(String name, ElementType type, long[] shape, long begin, long end) {}

  private final List<Entry> entries;
  private final Map<String, String> metadata;

  SafeTensorsHeader(List<Entry> entries, Map<String, String> metadata) {
    this.entries = entries;
    this.metadata = metadata;
  }

  /**
   * The header as bytes, padded.
   *
   * @param begins where in the data each tensor begins
   * @param limit on the number of bytes
   */
  static byte[] write(
      Map<String, HostTensor> tensors,
      Map<String, Long> begins,
      Map<String, String> metadata,
      long limit) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      for (Map.Entry<String, HostTensor> entry : tensors.entrySet()) {
        if (entry.getKey().equals(METADATA)) {
          throw new IllegalArgumentException("a tensor cannot be named " + METADATA);
        }
        long begin = begins.get(entry.getKey());
        long[] shape = entry.getValue().shape();
        json.writeObjectFieldStart(entry.getKey());
        json.writeStringField("dtype", entry.getValue().type().name());
        json.writeFieldName("shape");
        json.writeArray(shape, 0, shape.length);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {begin, begin + entry.getValue().data().byteSize()}, 0, 2);
        json.writeEndObject();
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalArgumentException("the header cannot be written: " + e.getMessage(), e);
    }
    while (out.size() % Long.BYTES != 0) {
      out.write(' ');
    }
    if (out.size() > limit) {
      throw new IllegalArgumentException(
          "the header of %d tensors and %d strings of metadata has %d bytes; the format allows %d"
              .formatted(tensors.size(), metadata.size(), out.size(), limit));
    }
    return out.toByteArray();
  }

  /**
   * Checks that the tensors fill the data exactly.
   *
   * @param dataBytes what follows the header in the file
   */
  void checkLayout(Path path, long dataBytes) {
    List<Entry> inOrder = new ArrayList<>(entries);
    inOrder.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long expected = 0;
    String before = "the start of the data";
    for (Entry entry : inOrder) {
      if (entry.end > dataBytes) {
        throw new CheckpointException(
            "%s: tensor \"%s\" should end at byte %d of the data, which has %d: the file is truncated or corrupt"
                .formatted(path, entry.name, entry.end, dataBytes));
      }
      if (entry.begin != expected) {
        throw new CheckpointException(
            "%s: tensor \"%s\" begins at byte %d of the data, %s %s, which ends at byte %d; the format allows neither"
                    .formatted(
                        path,
                        entry.name,
                        entry.begin,
                        entry.begin < expected ? "overlapping" : "leaving a gap after",
                        before,
                        expected)
                + " overlap nor gap");
      }
      expected = entry.end;
      before = "tensor \"" + entry.name + "\"";
    }
    if (expected != dataBytes) {
      throw new CheckpointException(
          "%s: the tensors take %d bytes of the data, which has %d: the file is too long or corrupt"
              .formatted(path, expected, dataBytes));
    }
  }

  /** The tensors as views of the data. */
  SafeTensors.Contents contents(MemorySegment data) {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    for (Entry entry : entries) {
      MemorySegment bytes = data.asSlice(entry.begin, entry.end - entry.begin);
      tensors.put(entry.name, HostTensor.of(entry.type, bytes, entry.shape));
    }
    return new SafeTensors.Contents(tensors, metadata);
  }
}

package dev.azulejo.compare.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.io.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The folder a report is saved in, each file as a whole or not at all. */
public final class ReportFolder {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final Path folder;

  /**
   * Makes the folder where it is not there: before the work, as minutes of measuring must not end
   * in a folder that cannot be written.
   *
   * @throws IOException if that is not possible; the message says why
   */
  public ReportFolder(Path folder) throws IOException {
    this.folder = folder;
    try {
      Files.createDirectories(folder);
      Files.delete(Files.createTempFile(folder, ".azulejo", ".probe"));
    } catch (IOException e) {
      throw new IOException("no report can be written into the folder " + folder + ": " + e, e);
    }
  }

  /** An empty document that names the comparison and where it was measured. */
  public static ObjectNode document(String comparison, Environment environment) {
    ObjectNode document = MAPPER.createObjectNode();
    document.put("comparison", comparison);
    ObjectNode facts = document.putObject("environment");
    environment.entries().forEach(fact -> facts.put(fact.getKey(), fact.getValue()));
    return document;
  }

  /** Adds a number; null where it is none, because JSON has neither NaN nor infinity. */
  public static void put(ObjectNode node, String name, double value) {
    if (Double.isFinite(value)) {
      node.put(name, value);
    } else {
      node.putNull(name);
    }
  }

  /** Writes {@code name.json}. */
  public void json(String name, JsonNode document) throws IOException {
    try {
      write(name + ".json", MAPPER.writeValueAsString(document) + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values is always JSON", e);
    }
  }

  /** Writes {@code name.csv}, and {@code name.md} for documents. */
  public void table(String name, Table table) throws IOException {
    write(name + ".csv", table.csv());
    write(name + ".md", table.markdown());
  }

  /** Writes bytes into a file of the folder. */
  public void write(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    AtomicFile.write(
        file,
        channel -> {
          ByteBuffer buffer = ByteBuffer.wrap(bytes);
          while (buffer.hasRemaining()) {
            channel.write(buffer);
          }
        });
  }

  private void write(String name, String text) throws IOException {
    write(name, text.getBytes(StandardCharsets.UTF_8));
  }
}

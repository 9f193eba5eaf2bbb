package dev.azulejo.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Reading safetensors files: what was written comes back, and every way to break the format is told
 * apart.
 */
class SafeTensorsReadTest {

  private static final String ONE =
      "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}";

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("model.safetensors");
  }

  private Path put(byte[] bytes) {
    try {
      return Files.write(file(), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(long headerLength, byte[] header, int dataBytes) {
    ByteBuffer buffer = ByteBuffer.allocate(8 + header.length + dataBytes);
    return buffer.order(ByteOrder.LITTLE_ENDIAN).putLong(headerLength).put(header).array();
  }

  private static byte[] bytes(String header, int dataBytes) {
    byte[] utf8 = header.getBytes(StandardCharsets.UTF_8);
    return bytes(utf8.length, utf8, dataBytes);
  }

  private void assertRefused(byte[] content, Object... parts) {
    put(content);
    CheckpointException e = assertThrows(CheckpointException.class, () -> SafeTensors.read(file()));
    assertTrue(e.getMessage().startsWith(file().toString()), e.getMessage());
    for (Object part : parts) {
      assertTrue(e.getMessage().contains(part.toString()), e.getMessage());
    }
  }

  @Test
  void whatIsWrittenComesBack() {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    tensors.put("z first", HostTensor.ofFloats(new float[] {1, -2, Float.NaN, 0.5f}, 2, 1, 2));
    tensors.put("scalar \"é\" 漢", HostTensor.ofLongs(new long[] {Long.MIN_VALUE}));
    tensors.put("empty", HostTensor.ofInts(new int[0], 3, 0));
    tensors.put("ints", HostTensor.ofInts(new int[] {1, 2, 3}, 3));
    tensors.put("bytes", HostTensor.of(ElementType.U8, MemorySegment.ofArray(new byte[] {9}), 1));
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("network", "conv2d 32 3\nrelu \"quoted\" \\ \u0001 漢");
    metadata.put("", "empty key");
    SafeTensors.write(file(), tensors, metadata);
    SafeTensors.Contents contents = SafeTensors.read(file());
    assertEquals(metadata, contents.metadata());
    assertEquals(List.copyOf(tensors.keySet()), List.copyOf(contents.tensors().keySet()));
    tensors.forEach(
        (name, tensor) -> {
          HostTensor read = contents.tensors().get(name);
          assertEquals(tensor.toString(), read.toString());
          assertEquals(-1, tensor.data().mismatch(read.data()), name);
          assertTrue(read.data().isReadOnly());
          assertEquals(0, read.data().address() % read.type().bytes(), "each tensor lies aligned");
        });
    assertArrayEquals(
        new float[] {1, -2, Float.NaN, 0.5f}, contents.tensors().get("z first").toFloats());
    assertArrayEquals(new int[] {1, 2, 3}, contents.tensors().get("ints").toInts());
  }

  @Test
  void largeTensorsInOffHeapMemory() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = arena.allocate(5_000_000, 4); // several chunks and a rest
      for (long i = 0; i < 1_250_000; i++) {
        data.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
      }
      SafeTensors.write(
          file(), Map.of("w", HostTensor.of(ElementType.F32, data, 1250, 1000)), Map.of());
      HostTensor read = SafeTensors.read(file()).tensors().get("w");
      assertEquals(-1, data.mismatch(read.data()));
      assertArrayEquals(new long[] {1250, 1000}, read.shape());
    }
  }

  @Test
  void readsWhatOtherWritersWrite() {
    // No metadata, no padding, another order of fields, white space, tensors not in the data's
    // order.
    String header =
        "{ \"b\" : {\"shape\":[1,2],\"data_offsets\":[4, 12], \"dtype\":\"F32\"},\n"
            + "\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}";
    put(bytes(header, 12));
    SafeTensors.Contents contents = SafeTensors.read(file());
    assertEquals(ElementType.BF16, contents.tensors().get("a").type());
    assertEquals("F32[1, 2]", contents.tensors().get("b").toString());
    assertEquals(Map.of(), contents.metadata());
    put(bytes("{}   ", 0));
    assertEquals(Map.of(), SafeTensors.read(file()).tensors());
  }

  @Test
  void headerLengthsThatLie() {
    byte[] good = ("{" + ONE + "}").getBytes(StandardCharsets.UTF_8);
    assertRefused(new byte[7], "has 7 bytes", "the header's length alone takes 8");
    assertRefused(
        bytes(good.length + 9, good, 8),
        "claims a header of " + (good.length + 9) + " bytes, and only " + (good.length + 8));
    assertRefused(
        bytes(100_000_001, good, 8), "claims a header of 100000001 bytes; the format allows");
    assertRefused(bytes(-1, good, 8), "claims a header of 18446744073709551615 bytes");
    assertRefused(bytes(0, good, 8), "does not start with '{'");
    assertRefused(bytes(good.length - 1, good, 8), "not JSON as the format has it");
    assertRefused(bytes(good.length + 1, good, 8), "not JSON as the format has it");
  }

  @Test
  void truncatedAndOversizedFiles() {
    byte[] good = bytes("{" + ONE + "}", 8);
    assertRefused(
        Arrays.copyOf(good, good.length - 1),
        "tensor \"w\" should end at byte 8 of the data, which has 7",
        "truncated");
    assertRefused(
        Arrays.copyOf(good, good.length + 3),
        "the tensors take 8 bytes of the data, which has 11",
        "too long");
    // Truncated everywhere: always this exception, never another one.
    for (int length = 0; length < good.length; length++) {
      assertRefused(Arrays.copyOf(good, length));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0, 8 | 4, 12 | tensor \"b\" begins at byte 4 of the data, overlapping tensor \"a\"",
        "0, 8 | 0, 8  | tensor \"b\" begins at byte 0 of the data, overlapping tensor \"a\"",
        "0, 8 | 12, 20 | tensor \"b\" begins at byte 12 of the data, leaving a gap after tensor"
            + " \"a\"",
        "4, 12 | 12, 20 | tensor \"a\" begins at byte 4 of the data, leaving a gap after the start",
        "0, 8 | 16, 24 | tensor \"b\" should end at byte 24 of the data, which has 20",
        "8, 0 | 8, 16 | tensor \"a\" has the data_offsets [8, 0]; a begin and an end not before it",
      })
  void overlapsGapsAndOffsetsOutside(String a, String b, String message) {
    String tensor = "\"%s\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[%s]}";
    String header = "{" + tensor.formatted("a", a) + "," + tensor.formatted("b", b) + "}";
    assertRefused(bytes(header, 20), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"F31\" | [2] | [0,8] | has the dtype \"F31\"; known are [BOOL, U8,",
        "\"f32\" | [2] | [0,8] | has the dtype \"f32\"",
        "32 | [2] | [0,8] | dtype is 32 where a string is expected",
        "\"F64\" | [2] | [0,8] | of F64 and shape [2] needs 16 bytes, its data_offsets [0, 8] span"
            + " 8",
        "\"F32\" | [3] | [0,8] | of F32 and shape [3] needs 12 bytes",
        "\"F32\" | [-2] | [0,8] | has -2 in its shape; whole numbers from 0",
        "\"F32\" | [2.0] | [0,8] | has 2.0 in its shape",
        "\"F32\" | [\"2\"] | [0,8] | has 2 in its shape; whole numbers",
        "\"F32\" | [18446744073709551616] | [0,8] | has 18446744073709551616 in its shape",
        "\"F32\" | [4294967296,4294967296,2] | [0,8] | has the shape [4294967296, 4294967296, 2],"
            + " too large for 63 bits",
        "\"F32\" | [4611686018427387904] | [0,8] | has the shape [4611686018427387904], too large"
            + " for 63 bits",
        "\"F32\" | 2 | [0,8] | shape is 2 where an array is expected",
        "\"F32\" | [2] | [0,8,8] | has more than 2 numbers in its data_offsets",
        "\"F32\" | [2] | [8] | has the data_offsets [8]",
        "\"F32\" | [2] | [0,1e3] | has 1e3 in its data_offsets",
        "\"F32\" | [[2]] | [0,8] | has [ in its shape",
      })
  void wrongTensorEntries(String dtype, String shape, String offsets, String message) {
    String header =
        "{\"w\":{\"dtype\":%s,\"shape\":%s,\"data_offsets\":%s}}".formatted(dtype, shape, offsets);
    assertRefused(bytes(header, 8), "tensor \"w\" " + message);
  }

  @Test
  void wrongHeaders() {
    assertRefused(bytes("{" + ONE + "," + ONE + "}", 8), "tensor \"w\" is there twice");
    assertRefused(
        bytes("{" + ONE.replace("\"shape\"", "\"dtype\":\"F32\",\"shape\"") + "}", 8),
        "tensor \"w\" has dtype twice");
    assertRefused(
        bytes("{" + ONE.replace("dtype", "type") + "}", 8),
        "has a field \"type\"; dtype, shape and data_offsets are known");
    assertRefused(
        bytes("{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8), "\"w\" has no shape");
    assertRefused(bytes("{\"w\":[]}", 0), "tensor \"w\" is [ where an object is expected");
    assertRefused(bytes("[]", 0), "does not start with '{'");
    assertRefused(bytes(" {}", 0), "does not start with '{'");
    assertRefused(bytes("{}{}", 0), "after the object comes {");
    assertRefused(bytes("{\"w\"}", 0), "not JSON as the format has it");
    assertRefused(bytes("{\"w\":".repeat(10_000), 0), "");
    assertRefused(
        bytes("{\"__metadata__\":{\"a\":1}}", 0), "__metadata__ \"a\" is 1 where a string");
    assertRefused(bytes("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "is there twice");
    assertRefused(bytes("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0), "\"a\" is there twice");
    assertRefused(bytes("{\"__metadata__\":null}", 0), "__metadata__ is null where an object");
  }

  @Test
  void headersThatAreNotUtf8() {
    byte[] latin1 = "{\"é\":1}".getBytes(StandardCharsets.ISO_8859_1);
    assertRefused(bytes(latin1.length, latin1, 0), "the header is not UTF-8");
    byte[] utf16 = "{}".getBytes(StandardCharsets.UTF_16LE);
    assertRefused(bytes(utf16.length, utf16, 0), "not JSON as the format has it");
  }

  @Test
  void whatIsNoFile() {
    CheckpointException missing =
        assertThrows(CheckpointException.class, () -> SafeTensors.read(file()));
    assertEquals(file() + " does not exist", missing.getMessage());
    CheckpointException noFile =
        assertThrows(CheckpointException.class, () -> SafeTensors.read(folder));
    assertEquals(folder + " is a folder, not a safetensors file", noFile.getMessage());
  }

  @Test
  void tensorsCheckTheirShapeAndType() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> HostTensor.ofFloats(new float[5], 2, 3));
    assertEquals("shape [2, 3] of F32 needs 24 bytes, the data has 20", e.getMessage());
    e =
        assertThrows(
            IllegalArgumentException.class, () -> HostTensor.ofFloats(new float[5], -5, -1));
    assertEquals("shape [-5, -1] has a negative dimension", e.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> HostTensor.ofLongs(new long[1], Long.MAX_VALUE, Long.MAX_VALUE));
    e =
        assertThrows(
            IllegalArgumentException.class, () -> HostTensor.ofInts(new int[1], 1).toFloats());
    assertEquals("the tensor holds I32, not F32", e.getMessage());
    assertEquals(1, HostTensor.ofFloats(new float[1]).count());
  }
}

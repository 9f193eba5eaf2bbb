package dev.azulejo.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writing safetensors files: the bytes of the format, and that a failure costs nothing. */
class SafeTensorsWriteTest {

  private static final Map<String, HostTensor> TENSORS =
      Map.of("w", HostTensor.ofFloats(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("model.safetensors");
  }

  private static void assertMentions(Exception e, Object... parts) {
    for (Object part : parts) {
      assertTrue(e.getMessage().contains(part.toString()), e.getMessage());
    }
  }

  private void assertOnly(Path... expected) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(expected), files.sorted().toList());
    }
  }

  @Test
  void writesTheFormatByteForByte() throws IOException {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    tensors.put("small", HostTensor.ofInts(new int[] {7}));
    tensors.put("wide", HostTensor.ofLongs(new long[] {-1, 2}, 2));
    SafeTensors.write(file(), tensors, Map.of("net", "lenet5"));
    // The widest elements come first in the data, the header keeps the given order and is padded
    // with spaces.
    String json =
        "{\"__metadata__\":{\"net\":\"lenet5\"},"
            + "\"small\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[16,20]},"
            + "\"wide\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]}}";
    int padded = (json.length() + 7) / 8 * 8;
    ByteBuffer expected = ByteBuffer.allocate(8 + padded + 20).order(ByteOrder.LITTLE_ENDIAN);
    expected.putLong(padded).put(json.getBytes(StandardCharsets.UTF_8));
    while (expected.position() < 8 + padded) {
      expected.put((byte) ' ');
    }
    expected.putLong(-1).putLong(2).putInt(7);
    assertArrayEquals(expected.array(), Files.readAllBytes(file()));
    assertOnly(file());
  }

  @Test
  void refusesAReservedName() {
    Map<String, HostTensor> reserved = Map.of("__metadata__", HostTensor.ofFloats(new float[1], 1));
    assertMentions(
        assertThrows(
            IllegalArgumentException.class, () -> SafeTensors.write(file(), reserved, Map.of())),
        "cannot be named __metadata__");
  }

  @Test
  void refusesAHeaderOverTheLimit() {
    Map<String, String> metadata = Map.of("key", "x".repeat(1000));
    Map<String, Long> begins = Map.of("w", 0L);
    int length = SafeTensorsHeader.write(TENSORS, begins, metadata, 2000).length;
    assertEquals(length, SafeTensorsHeader.write(TENSORS, begins, metadata, length).length);
    assertMentions(
        assertThrows(
            IllegalArgumentException.class,
            () -> SafeTensorsHeader.write(TENSORS, begins, metadata, length - 1)),
        "the header of 1 tensors and 1 strings of metadata has " + length + " bytes",
        "the format allows " + (length - 1));
  }

  private CheckpointException assertFullDisk(AtomicFile.Opener opener) {
    return assertThrows(
        CheckpointException.class, () -> SafeTensors.write(file(), TENSORS, Map.of(), opener));
  }

  private static FileChannel create(Path path) throws IOException {
    return FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
  }

  @Test
  void aFullDiskLeavesTheOldFile() throws IOException {
    SafeTensors.write(file(), TENSORS, Map.of("epoch", "1"));
    byte[] before = Files.readAllBytes(file());
    for (long room : new long[] {0, 5, 8, 40, before.length - 30}) {
      CheckpointException e = assertFullDisk(path -> FailingChannel.full(create(path), room));
      assertMentions(e, "checkpoint " + file() + " cannot be written", "No space left on device");
      assertArrayEquals(before, Files.readAllBytes(file()));
      assertOnly(file());
    }
    CheckpointException e = assertFullDisk(path -> FailingChannel.lost(create(path)));
    assertMentions(e, file(), "Disk quota exceeded");
    assertArrayEquals(before, Files.readAllBytes(file()));
    assertOnly(file());
  }

  @Test
  void aFullDiskWithoutOldFileLeavesNothing() throws IOException {
    assertFullDisk(path -> FailingChannel.full(create(path), 10));
    assertOnly();
  }

  @Test
  void overwritesAsAWhole() throws IOException {
    SafeTensors.write(file(), TENSORS, Map.of("epoch", "1"));
    SafeTensors.write(file(), TENSORS, Map.of("epoch", "2"));
    assertEquals(Map.of("epoch", "2"), SafeTensors.read(file()).metadata());
    assertOnly(file());
  }

  @Test
  void followsASymbolicLink() throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path real = Files.write(inner.resolve("real"), new byte[3]);
    Files.createSymbolicLink(file(), real);
    SafeTensors.write(file(), TENSORS, Map.of());
    assertTrue(Files.isSymbolicLink(file()));
    assertEquals(6, SafeTensors.read(real).tensors().get("w").count());
  }

  private CheckpointException assertUnwritable(Path target) {
    return assertThrows(
        CheckpointException.class, () -> SafeTensors.write(target, TENSORS, Map.of()));
  }

  @Test
  void saysWhyATargetCannotBeWritten() throws IOException {
    Path plain = Files.write(folder.resolve("plain"), new byte[] {1});
    Path below = plain.resolve("model.safetensors");
    assertMentions(
        assertUnwritable(below), below + " cannot be written: " + plain + " is no folder");
    Path missing = folder.resolve("missing/model.safetensors");
    assertMentions(
        assertUnwritable(missing), missing + " cannot be written: the folder", "does not exist");
    assertMentions(assertUnwritable(folder), folder + " cannot be written: it is a folder");
    assertMentions(assertUnwritable(Path.of("/")), "it is a folder");
    assertArrayEquals(new byte[] {1}, Files.readAllBytes(plain));
  }

  @Test
  void neverReplacesADevice() {
    assertMentions(
        assertUnwritable(Path.of("/dev/null")), "/dev/null cannot be written", "no regular file");
    assertTrue(Files.exists(Path.of("/dev/null")) && !Files.isRegularFile(Path.of("/dev/null")));
  }

  @Test
  void anUnwritableFolderIsNamed() {
    // Root may write anywhere, so the refusal comes from the opener, as the operating system would
    // give it.
    CheckpointException e =
        assertFullDisk(
            path -> {
              throw new java.nio.file.AccessDeniedException(path.toString());
            });
    assertMentions(e, file() + " cannot be written: no permission to write into the folder of");
  }
}

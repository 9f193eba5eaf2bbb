package dev.azulejo.nn;

import static dev.azulejo.nn.InferencePlanTest.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.device.DeviceTest;
import dev.azulejo.io.CheckpointException;
import dev.azulejo.io.HostTensor;
import dev.azulejo.io.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFileTest extends DeviceTest {
  private static final NetworkSpec SPEC =
      NetworkText.parse(
          "input 2x6x6 mean 0.4,0.3 std 0.2,0.1\n"
              + "conv2d 3 3 leaky-relu 0.1\n"
              + "maxpool 2\n"
              + "flatten\n"
              + "dense 4");

  @TempDir Path folder;

  @Test
  void saveAndLoadGiveTheSameBits() {
    Path file = folder.resolve("model.safetensors");
    float[] saved;
    float[] prediction;
    float[] sample = new dev.azulejo.reference.Samples(1).uniform(72);
    try (Network network = Network.create(device, SPEC, 5)) {
      network.setClassNames(List.of("a", "b, with comma", "ñ", ""));
      network.save(file);
      saved = network.weights().toArray(stream);
      prediction = network.predict(sample);
    }
    try (Network network = Network.load(device, file)) {
      assertEquals(SPEC, network.spec());
      assertEquals(List.of("a", "b, with comma", "ñ", ""), network.classNames());
      assertArrayEquals(saved, network.weights().toArray(stream));
      assertArrayEquals(prediction, network.predict(sample));
    }
  }

  /** Other programs read the tensors by these names and shapes. */
  @Test
  void tensorsHaveNamesAndShapes() {
    Path file = saved();
    Map<String, String> described = new LinkedHashMap<>();
    SafeTensors.read(file)
        .tensors()
        .forEach((name, tensor) -> described.put(name, tensor.toString()));
    assertEquals(
        "{conv2d1.weight=F32[3, 2, 3, 3], conv2d1.bias=F32[3], dense1.weight=F32[4, 12],"
            + " dense1.bias=F32[4]}",
        described.toString());
  }

  @Test
  void withoutClassNamesThereAreNone() {
    try (Network network = Network.load(device, saved())) {
      assertEquals(List.of(), network.classNames());
    }
  }

  @Test
  void classNamesMustBeAsManyAsOutputs() {
    try (Network network = Network.create(device, SPEC, 5)) {
      assertMessage(
          "3 class names for a network with 4 outputs",
          assertThrows(
              IllegalArgumentException.class, () -> network.setClassNames(List.of("a", "b", "c"))));
    }
  }

  /** A line break would become two names in the file. */
  @Test
  void classNamesWithLineBreaksAreRefused() {
    try (Network network = Network.create(device, SPEC, 5)) {
      assertMessage(
          "line break",
          assertThrows(
              IllegalArgumentException.class,
              () -> network.setClassNames(List.of("a", "b\nc", "d", "e"))));
    }
  }

  @Test
  void damagedFilesAreRefusedAndLeakNothing() {
    broken(
        "has no tensor \"dense1.bias\" of F32[4]; it has [conv2d1.weight",
        (tensors, metadata) -> tensors.remove("dense1.bias"));
    broken(
        "tensor \"conv2d1.bias\" is I32[3], the network needs F32[3]",
        (tensors, metadata) -> tensors.put("conv2d1.bias", HostTensor.ofInts(new int[3], 3)));
    broken(
        "tensor \"dense1.weight\" is F32[12, 4], the network needs F32[4, 12]",
        (tensors, metadata) ->
            tensors.put("dense1.weight", HostTensor.ofFloats(new float[48], 12, 4)));
    broken(
        "has a tensor \"dense2.bias\" that its network does not: it has [conv2d1.weight, ",
        (tensors, metadata) -> tensors.put("dense2.bias", HostTensor.ofFloats(new float[4], 4)));
    broken(
        "its metadata has no \"azulejo.network\"",
        (tensors, metadata) -> metadata.remove("azulejo.network"));
    broken(
        "line 2 \"conv4d 3 3\": unknown word \"conv4d\"",
        (tensors, metadata) -> metadata.put("azulejo.network", "input 2x6x6\nconv4d 3 3"));
    broken(
        "tensor \"dense1.weight\" is F32[4, 12], the network needs F32[180000000, 12]", // 8.6 GB
        (tensors, metadata) ->
            metadata.merge(
                "azulejo.network", "", (text, none) -> text.replace("dense 4", "dense 180000000")));
    broken(
        "network description is empty", (tensors, metadata) -> metadata.put("azulejo.network", ""));
    broken(
        "is damaged: 2 class names for a network with 4 outputs",
        (tensors, metadata) -> metadata.put("azulejo.classes", "a\nb"));
  }

  @Test
  void missingFileAndUnwritableTarget() throws IOException {
    Path missing = folder.resolve("none.safetensors");
    assertMessage(
        missing + " does not exist",
        assertThrows(CheckpointException.class, () -> Network.load(device, missing)));
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    try (Network network = Network.create(device, SPEC, 5)) {
      CheckpointException e =
          assertThrows(CheckpointException.class, () -> network.save(file.resolve("model")));
      assertMessage(file.toString(), e);
    }
    assertEquals("in the way", Files.readString(file));
  }

  private Path saved() {
    Path file = folder.resolve("model.safetensors");
    try (Network network = Network.create(device, SPEC, 5)) {
      network.save(file);
    }
    return file;
  }

  private void broken(
      String message, BiConsumer<Map<String, HostTensor>, Map<String, String>> damage) {
    SafeTensors.Contents contents = SafeTensors.read(saved());
    Map<String, HostTensor> tensors = new LinkedHashMap<>(contents.tensors());
    Map<String, String> metadata = new LinkedHashMap<>(contents.metadata());
    damage.accept(tensors, metadata);
    Path file = folder.resolve("broken.safetensors");
    SafeTensors.write(file, tensors, metadata);
    CheckpointException e =
        assertThrows(CheckpointException.class, () -> Network.load(device, file));
    assertMessage(message, e);
    assertMessage(file.toString(), e);
    assertEquals(0, device.memory().liveBytes(), message);
  }
}

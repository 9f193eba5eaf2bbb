package dev.azulejo.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.azulejo.bindings.NativeLibraries;
import dev.azulejo.cli.Cli;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
  @TempDir private Path folder;

  @Test
  void jsonHasTheMediansAndWhereTheyAreFrom() throws Exception {
    Cli.Result result =
        Cli.run(
                "bench",
                "--network",
                "lenet5",
                "--batch",
                16,
                "--device",
                "cpu",
                "--threads",
                1,
                "--steps",
                5,
                "--json",
                "-")
            .succeeded();
    JsonNode json = new ObjectMapper().readTree(result.out());
    assertTrue(json.get("trainImagesPerSecond").asDouble() > 0);
    assertTrue(json.get("inferImagesPerSecond").asDouble() > 0);
    assertEquals(5, json.at("/train/steps").asInt());
    assertEquals(
        16 / json.at("/train/medianSeconds").asDouble(),
        json.get("trainImagesPerSecond").asDouble(),
        1e-6);
    assertEquals(1, json.at("/device/threads").asInt());
    assertEquals("cpu", json.at("/device/kind").asText());
    assertTrue(json.at("/device/instructionSet").isTextual());
    assertTrue(json.at("/machine/processors").asInt() > 0);
    assertTrue(result.err().contains("training"), result.err());
  }

  @Test
  void takesADescriptionFromAFileAndGoesOnForSomeTime() throws Exception {
    Cli.Result result =
        Cli.run("bench", "--network", Cli.tinyNetwork(folder), "--batch", 8, "--seconds", 0.01)
            .succeeded();
    assertTrue(result.out().contains("inference"), result.out());
    Object file = Cli.tinyNetwork(folder);
    Cli.run("bench", "--network", file, "--classes", 3)
        .failed(2, "--input and --classes are for named networks");
  }

  @Test
  void layersHaveTheirOperationsBytesAndTimes() throws Exception {
    Cli.Result result =
        Cli.run(
                "bench",
                "--network",
                "lenet5",
                "--batch",
                4,
                "--device",
                "cpu",
                "--threads",
                1,
                "--steps",
                3,
                "--layers",
                "--json",
                "-")
            .succeeded();
    JsonNode layers = new ObjectMapper().readTree(result.out()).get("layers");
    // Two convolutions with their poolings, and three dense layers; flatten is a view.
    assertEquals(10, layers.size());
    JsonNode first = layers.get(0);
    assertEquals("conv2d1+maxpool1", first.get("layer").asText());
    assertEquals("forward", first.get("pass").asText());
    assertEquals(2.0 * 6 * 25 * 28 * 28 * 4, first.get("flops").asDouble());
    assertEquals(4.0 * (4 * 784 + 150 + 4 * 1176), first.get("bytes").asDouble());
    JsonNode back = layers.get(3);
    assertEquals("conv2d2+maxpool2", back.get("layer").asText());
    assertEquals("backward", back.get("pass").asText());
    assertEquals(2 * 2.0 * 16 * 150 * 100 * 4, back.get("flops").asDouble());
    for (JsonNode layer : layers) {
      assertTrue(layer.get("medianSeconds").asDouble() > 0, layer.toString());
    }
    assertTrue(result.err().contains("GFLOP/s"), result.err());
  }

  @Test
  void mediansAreMedians() {
    int[] calls = {0};
    StepTimes times = StepTimes.measure(() -> calls[0]++, 3, 1);
    assertEquals(3, times.count());
    assertTrue(calls[0] >= 13, "warm-up and three steps, were " + calls[0]);
    assertTrue(times.quantile(0) <= times.median() && times.median() <= times.quantile(1));
  }

  @Test
  void devicesNamesTheLibraryToo() throws Exception {
    Cli.Result result = Cli.run("devices").succeeded();
    assertTrue(result.out().contains("cpu:0"), result.out());
    assertTrue(result.out().contains(NativeLibraries.describe()), result.out());
    JsonNode json = new ObjectMapper().readTree(Cli.run("devices", "--json", "-").out());
    assertEquals("cpu:0", json.at("/devices/0/device").asText());
  }
}

package dev.azulejo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.Device;
import dev.azulejo.nn.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The README's program, as it stands there, in a JVM of its own. It trains on Fashion-MNIST, so
 * that a folder with fewer images under that data set's names makes it quick.
 */
class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");

  @Test
  void theReadmesProgramRunsAsWritten(@TempDir Path folder) throws Exception {
    Path source = folder.resolve("Example.java");
    Files.writeString(source, program());
    Path data = Files.createDirectory(folder.resolve("data"));
    write(data, "train", Glyphs.generate(512, new Shape(1, 28, 28), 1));
    write(data, "t10k", Glyphs.generate(100, new Shape(1, 28, 28), 2));

    ProcessBuilder java =
        new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                source.toString()));
    java.environment().put("AZULEJO_DATA", data.toString());
    java.directory(folder.toFile());
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    java.redirectOutput(out.toFile()).redirectError(err.toFile());
    Process process = java.start();
    assertTrue(process.waitFor(2, TimeUnit.MINUTES), "still running after two minutes");

    String messages = Files.readString(err);
    assertEquals(0, process.exitValue(), messages);
    assertFalse(messages.contains("restricted"), messages); // the warning about native access
    String evaluation = Files.readString(out).strip();
    assertTrue(
        evaluation.matches("accuracy \\d+\\.\\d\\d %, loss \\d+\\.\\d{4} \\(100 samples\\)"),
        evaluation);
    try (Device device = Device.cpu(1);
        Network network = Network.load(device, folder.resolve("fashion.safetensors"))) {
      assertEquals(421_642, network.spec().parameterCount());
    }
  }

  private static String program() throws IOException {
    Matcher block =
        Pattern.compile("```java\\R(.*?)```", Pattern.DOTALL).matcher(Files.readString(README));
    assertTrue(block.find(), "the README has no program");
    return block.group(1);
  }

  private static void write(Path folder, String prefix, Dataset data) throws IOException {
    int size = data.shape().size();
    byte[] pixels = new byte[data.size() * size];
    byte[] labels = new byte[data.size()];
    float[] sample = new float[size];
    for (int i = 0; i < data.size(); i++) {
      data.read(i, sample, 0);
      for (int j = 0; j < size; j++) {
        pixels[i * size + j] = (byte) Math.round(sample[j] * 255);
      }
      labels[i] = (byte) data.label(i);
    }
    Files.write(
        folder.resolve(prefix + "-images-idx3-ubyte"),
        TestFiles.idx(0x803, new int[] {data.size(), 28, 28}, pixels));
    Files.write(
        folder.resolve(prefix + "-labels-idx1-ubyte"),
        TestFiles.idx(0x801, new int[] {data.size()}, labels));
  }
}

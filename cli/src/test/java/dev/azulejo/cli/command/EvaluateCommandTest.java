package dev.azulejo.cli.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.azulejo.cli.Cli;
import dev.azulejo.cli.GlyphFiles;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateCommandTest {
  @TempDir private Path folder;

  @Test
  void reportsTheSameForPeopleAndPrograms() throws Exception {
    Path data = GlyphFiles.write(folder, 320, 150);
    Cli.run(Cli.train(folder, data, "--epochs", 1)).succeeded();
    Path model = folder.resolve("out").resolve("model.safetensors");
    Path file = folder.resolve("evaluation.json");
    Cli.Result result =
        Cli.run(
                "evaluate",
                model,
                "--data",
                "mnist",
                "--data-dir",
                data,
                "--limit",
                100,
                "--json",
                file)
            .succeeded();
    assertTrue(result.out().contains("actual \\ predicted"), result.out());
    JsonNode json = new ObjectMapper().readTree(file.toFile());
    assertEquals(
        String.format(Locale.ROOT, "Test accuracy: %.2f %%", 100 * json.get("accuracy").asDouble()),
        result.lastLine());
    long all = 0;
    long right = 0;
    for (int actual = 0; actual < 10; actual++) {
      for (int predicted = 0; predicted < 10; predicted++) {
        long count = json.get("confusion").get(actual).get(predicted).asLong();
        all += count;
        right += actual == predicted ? count : 0;
      }
    }
    assertEquals(100, all);
    assertEquals(right / 100.0, json.get("accuracy").asDouble(), 1e-9);
  }

  @Test
  void theGeneratedGlyphsNeedNoFiles() throws Exception {
    Cli.run(Cli.train(folder, "--epochs", 1)).succeeded();
    Path model = folder.resolve("out").resolve("model.safetensors");
    Cli.Result result = Cli.run("evaluate", model, "--data", "glyphs").succeeded();
    assertTrue(result.out().contains("data: glyphs, 20,000 training and 4,000 test"), result.out());
  }

  @Test
  void imagesThatDoNotFitTheNetworkAreRefused() throws Exception {
    Cli.run(Cli.train(folder, "--epochs", 1)).succeeded();
    Path model = folder.resolve("out").resolve("model.safetensors");
    Path images = folder.resolve("images");
    for (String part : new String[] {"train", "test"}) {
      for (String name : new String[] {"cat", "dog"}) {
        Path of = Files.createDirectories(images.resolve(part).resolve(name));
        ImageIO.write(
            new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY),
            "png",
            of.resolve("1.png").toFile());
      }
    }
    Cli.run("evaluate", model, "--data", "folder:" + images)
        .failed(1, "the data set has 2 classes, the network has 10 outputs");
    Cli.run("evaluate", model, "--data", "folder:" + images + "@3x28x28")
        .failed(1, "samples of 3x28x28, the network takes 1x28x28");
    Cli.run("evaluate", model, "--data", "folder:" + folder.resolve("nothing"))
        .failed(1, "nothing");
  }
}

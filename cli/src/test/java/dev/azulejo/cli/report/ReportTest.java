package dev.azulejo.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.nn.ConfusionMatrix;
import dev.azulejo.nn.Evaluation;
import dev.azulejo.train.EpochReport;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {
  @TempDir private Path folder;

  /**
   * Of 4 cats 3 are recognised, the fourth is taken for a dog; there is no bird and none is seen.
   */
  private static Evaluation evaluation() {
    long[][] counts = {{3, 1, 0}, {0, 2, 0}, {0, 0, 0}};
    return new Evaluation(
        6, 0.25, 5 / 6.0, new ConfusionMatrix(List.of("cat", "dog", "bird"), counts));
  }

  @Test
  void tablesAlign() {
    String n = System.lineSeparator();
    String expected = "a     bb" + n + "long   1" + n + "x     22" + n;
    assertEquals(expected, new Table("a", "bb").row("long", 1).row("x", 22).toString());
    assertThrows(IllegalArgumentException.class, () -> new Table("a").row(1, 2));
  }

  @Test
  void evaluationsAreReported() {
    EvaluationReport report = new EvaluationReport(evaluation());
    assertEquals("Test accuracy: 83.33 %", report.accuracyLine());
    assertEquals("Test loss: 0.2500 (6 images)", report.lossLine());
    assertEquals("cat taken for dog 1", report.worst(3));
    String[] rows = report.classTable().split(System.lineSeparator());
    assertEquals("cat 4 100.00 % 75.00 % 85.71 %", rows[1].replaceAll(" +", " "));
    assertEquals("bird 0 - - -", rows[3].replaceAll(" +", " "), "no figure, not NaN");
    assertEquals("0 cat 3 1 0", report.matrix().split("\\R")[1].replaceAll(" +", " "));
    ObjectNode json = report.json();
    assertTrue(json.at("/classes/2/precision").isNull());
    assertEquals(0.75, json.at("/classes/0/recall").asDouble());
  }

  @Test
  void numbersThatJsonHasNotAreNull() {
    ObjectNode node = Json.object();
    Json.put(node, "a", Double.NaN);
    Json.put(node, "b", Double.POSITIVE_INFINITY);
    Json.put(node, "c", 1.5);
    assertEquals("{\"a\":null,\"b\":null,\"c\":1.5}", node.toString());
  }

  @Test
  void theCurveIsDrawnForOneEpochAndForMany() throws Exception {
    Path png = folder.resolve("curve.png");
    Path svg = folder.resolve("curve.svg");
    EpochReport one = new EpochReport(1, 2, 0.5, 0.8, Double.NaN, Double.NaN, 0.05f, 1, 100);
    LearningCurve.write("one", List.of(one), evaluation(), png, svg);
    EpochReport two = new EpochReport(2, 2, 0.4, 0.9, 0.45, 0.85, 0.05f, 1, 100);
    LearningCurve.write("two", List.of(one, two), evaluation(), png, svg);
    BufferedImage image = ImageIO.read(png.toFile());
    assertEquals(900, image.getWidth());
    assertTrue(colours(image) > 3, "there is something on it");
    assertTrue(Files.readString(svg).contains("<svg"));
  }

  private static long colours(BufferedImage image) {
    return Arrays.stream(
            image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth()))
        .distinct()
        .count();
  }

  @Test
  void filesAreReplacedOnlyByWholeOnes() throws Exception {
    Path file = folder.resolve("file");
    WholeFile.check(file);
    assertTrue(Files.notExists(file), "checking leaves nothing");
    WholeFile.write(file, new byte[] {1});
    WholeFile.write(file, new byte[] {1, 2});
    WholeFile.check(file);
    assertEquals(2, Files.size(file));
    Path lost = folder.resolve("missing").resolve("file");
    IOException e = assertThrows(IOException.class, () -> WholeFile.write(lost, new byte[] {1}));
    assertTrue(e.getMessage().contains(lost.toString()), e.getMessage());
    assertThrows(IOException.class, () -> WholeFile.check(Path.of("/")));
  }
}

package dev.azulejo.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.data.Glyphs;
import dev.azulejo.data.Shape;
import dev.azulejo.device.Device;
import dev.azulejo.nn.Network;
import dev.azulejo.train.Trainer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressTest {
  private static final int EPOCHS = 2;
  private static final int BATCHES = 4;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private void train(Progress progress) {
    try (progress;
        Device device = Device.cpu(1);
        Network network =
            Network.on(device).input(1, 28, 28).maxPool(4).flatten().dense(10).build(1)) {
      Trainer.of(network)
          .batchSize(8)
          .listener(progress)
          .fit(Glyphs.generate(8 * BATCHES, new Shape(1, 28, 28), 1), EPOCHS);
    }
  }

  @Test
  void linesWhereThereIsNoTerminal() {
    train(new LineProgress(new PrintWriter(out), new PrintWriter(err), Duration.ZERO));
    List<String> lines = err.toString().lines().toList();
    assertEquals(EPOCHS * (BATCHES - 1), lines.size(), err::toString);
    String figures = "loss \\d+\\.\\d{4}, accuracy \\d+\\.\\d\\d %, \\d+ images/s, ";
    assertTrue(
        lines.get(0).matches("epoch 1/2, batch 1/4: " + figures + "-:-- left"), lines.get(0));
    assertTrue(
        lines.get(5).matches("epoch 2/2, batch 3/4: " + figures + "0:00 left"), lines.get(5));
    assertFalse(err.toString().contains("\r"), err::toString);
    checkEpochLines();
  }

  @Test
  void noMoreLinesThanSomebodyCanRead() {
    train(new LineProgress(new PrintWriter(out), new PrintWriter(err), LineProgress.INTERVAL));
    assertEquals("", err.toString());
    checkEpochLines();
  }

  @ParameterizedTest
  @CsvSource({"80, true", "80, false", "200, true"})
  void aBarThatFitsTheTerminal(int columns, boolean unicode) {
    Terminal terminal = new Terminal(columns, unicode);
    train(new BarProgress(terminal, new PrintWriter(out), new PrintWriter(err), Duration.ZERO));
    String erase = "\r\u001b[K";
    String[] frames = err.toString().split("\\Q" + erase + "\\E", -1);
    // At least a frame for each mini-batch; nothing but erased lines stays.
    assertTrue(frames.length > EPOCHS * BATCHES, err::toString);
    assertEquals("", frames[0]);
    assertEquals("", frames[frames.length - 1]);
    boolean full = false;
    for (String frame : frames) {
      assertTrue(frame.length() < columns, frame);
      assertTrue(unicode || frame.chars().allMatch(c -> c < 128), frame);
      assertTrue(frame.isEmpty() || frame.matches("epoch [12]/2 +\\d+% .*"), frame);
      full |=
          frame.matches("epoch 2/2 100% .* 4/4 .* loss \\d\\.\\d+ acc \\d+\\.\\d% \\d+/s .* left");
    }
    assertTrue(full, err::toString);
    checkEpochLines();
  }

  private void checkEpochLines() {
    List<String> lines = out.toString().lines().toList();
    assertEquals(EPOCHS, lines.size());
    String figures =
        "loss \\d\\.\\d{4}, accuracy \\d+\\.\\d\\d %; rate 0.05\\d*, \\d+\\.\\d s, \\d+ images/s";
    assertTrue(lines.get(0).matches("epoch 1/2: " + figures), lines.get(0));
  }

  @Test
  void timesAreShort() {
    assertEquals("0:05", Progress.format(Duration.ofSeconds(5)));
    assertEquals("59:59", Progress.format(Duration.ofSeconds(3599)));
    assertEquals("1:00:00", Progress.format(Duration.ofHours(1)));
  }

  @Test
  void withoutTheLaunchersWordThereIsNoTerminal() {
    assertEquals(Terminal.NONE, Terminal.ofProcess());
    Progress progress = Progress.of(Terminal.NONE, new PrintWriter(out), new PrintWriter(err));
    assertTrue(progress instanceof LineProgress);
    progress = Progress.of(new Terminal(50, true), new PrintWriter(out), new PrintWriter(err));
    assertTrue(progress instanceof LineProgress);
    Terminal terminal = new Terminal(80, true);
    progress = Progress.of(terminal, new PrintWriter(out), new PrintWriter(err));
    assertTrue(progress instanceof BarProgress);
  }
}

package dev.azulejo.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.cli.Child;
import dev.azulejo.cli.Cli;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ctrl-C and SIGTERM: a checkpoint, a clean end, and a run that goes on as if nothing had been. */
class InterruptTest {
  /** Long enough to be interrupted, short enough to be repeated. */
  private static final int EPOCHS = 30;

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void aSignalSavesACheckpointThatGoesOnBitForBit(String signal, int exit) throws Exception {
    Path out = folder.resolve("out");
    Object[] args = Cli.train(folder, "--epochs", EPOCHS, "--seed", 3, "--threads", 1);
    Cli.Result stopped;
    try (Child child = Child.azulejo(folder, args)) {
      child.awaitOutput("epoch 1/" + EPOCHS);
      child.signal(signal);
      stopped = child.await();
    }
    assertEquals(exit, stopped.exit(), stopped.err());
    assertFalse(Files.exists(out.resolve("model.safetensors")), "it was not finished");
    Path checkpoint = out.resolve("checkpoint.safetensors");
    String hint = "--seed 3 --threads 1 --resume " + checkpoint;
    assertTrue(stopped.err().strip().endsWith(hint), stopped.err());
    assertTrue(Files.readString(out.resolve("metrics.json")).contains("stopped by a signal"));

    Object[] resume = Cli.train(folder, "--epochs", EPOCHS, "--seed", 3, "--threads", 1);
    resume = Arrays.copyOf(resume, resume.length + 2);
    resume[resume.length - 2] = "--resume";
    resume[resume.length - 1] = checkpoint;
    String accuracy = Cli.run(resume).succeeded().lastLine();
    byte[] resumed = Files.readAllBytes(out.resolve("model.safetensors"));

    assertEquals(accuracy, Cli.run(args).succeeded().lastLine());
    assertArrayEquals(Files.readAllBytes(out.resolve("model.safetensors")), resumed);
  }

  @Test
  void theHintRepeatsTheCommandAndQuotesWhatAShellWouldSplit() {
    Path checkpoint = Path.of("my out", "checkpoint.safetensors");
    assertEquals(
        "azulejo train --data 'folder:a b' --out 'it'\\''s' --resume 'my out/checkpoint.safetensors'",
        Resume.command(
            List.of(
                "train", "--data", "folder:a b", "--resume", "old", "--out", "it's", "--resume=x"),
            checkpoint));
  }
}

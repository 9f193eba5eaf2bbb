package dev.azulejo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLinesTest {
  @Test
  void withoutCommandTheUsageIsAnError() {
    Cli.run().failed(2, "a command is missing", "azulejo --help");
  }

  @Test
  void helpListsEveryCommand() {
    Cli.Result help = Cli.run("--help").succeeded();
    for (String command : CommandLines.create().getSubcommands().keySet()) {
      assertTrue(help.out().contains("  " + command), command);
      assertTrue(
          Cli.run(command, "--help").succeeded().out().contains("Usage: azulejo " + command));
    }
    assertTrue(help.out().contains("130"), help.out());
  }

  @Test
  void otherModulesContributeCommandsThroughServiceLoader() {
    assertTrue(Cli.run("--help").out().contains("Comes from another module."));
    assertEquals(7, Cli.run("contributed").exit());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--version", "-V"})
  void versionIsTheBuilds(String option) {
    String first = Cli.run(option).succeeded().out().lines().findFirst().orElseThrow();
    assertTrue(first.matches("azulejo \\d+\\.\\d+\\.\\d+.*"), first);
  }

  @ParameterizedTest
  @CsvSource({
    "train, --data, nope, unknown data set \"nope\"; fashion-mnist; glyphs; folder:PATH",
    "train, --network, nope, unknown network \"nope\"; lenet5; mnist-cnn; vgg-small",
    "train, --device, nope, unknown device \"nope\"; best; cpu; cuda",
    "bench, --network, nope, unknown network \"nope\"; lenet5; mnist-cnn; vgg-small",
    "bench, --input, 28x28, --input 28x28: a shape is channels x rows x columns",
    "bench, --input, 0x28x28, --input 0x28x28; at least 1",
    "bench, --steps, -1, each must be positive",
    "evaluate, --data, nope, unknown data set \"nope\"; fashion-mnist",
    "evaluate, --batch, 0, --batch 0: it must be at least 1",
    "train, --epochs, 0, --epochs 0: it must be at least 1",
    "train, --epochs, many, Invalid value for option '--epochs'; 'many'",
    "train, --batch, 0, --batch 0",
    "train, --workers, 0, --workers 0",
    "train, --workers, 65, --workers 65 for mini-batches of 64",
    "train, --validation, 1.0, --validation 1.0: a fraction from 0 to below 1",
    "train, --validation, NaN, --validation NaN: a fraction from 0 to below 1",
    "train, --early-stop, 0, --early-stop 0",
    "train, --until-accuracy, 90, --until-accuracy 90.0: a fraction above 0 and at most 1",
    "train, --until-accuracy, 0, --until-accuracy 0.0: a fraction",
    "train, --report-every, 0, --report-every 0",
    "train, --data-on, moon, Invalid value for option '--data-on'; device; host",
    "train, --limit, 0, --limit 0: at least 1",
    "train, --threads, 0, --threads 0: 1 to 1024",
    "train, --rate, -1, -1",
    "train, --momentum, 1, momentum",
    "train, --schedule, slow, unknown schedule \"slow\"; constant; cosine; step:EPOCHS",
    "train, --schedule, 'step:x,y', unknown schedule",
    "train, --optimizer, best, sgd; adam",
    "train, --bogus, 1, Unknown option",
  })
  void wrongUsageIsToldApart(
      String command, String option, String value, String parts, @TempDir Path folder) {
    Object[] args =
        command.equals("train")
            ? new Object[] {command, option, value, "--out", folder.resolve("out")}
            : new Object[] {command, option, value};
    Cli.run(args).failed(2, parts.split("; "));
    Cli.run(args).failed(2, "Try 'azulejo " + command + " --help'");
  }

  @Test
  void optionsThatDoNotGoTogetherAreRefused(@TempDir Path folder) throws Exception {
    Cli.run(Cli.train(folder, "--optimizer", "adam", "--momentum", "0.5"))
        .failed(2, "--momentum and --nesterov are for --optimizer sgd");
    Cli.run(Cli.train(folder, "--until-accuracy", 0.9, "--validation", 0.1))
        .failed(2, "leave one of them out");
    Path out = folder.resolve("out");
    Cli.run("train", "--data", "glyphs", "--data-dir", folder, "--out", out)
        .failed(1, "glyphs reads nothing");
  }

  @ParameterizedTest
  @CsvSource({
    "blur, 'there are shift[:PIXELS], flip, crop[:PIXELS]'",
    "shift:x, after the colon comes a number",
    "flip:2, flip takes no number",
    "crop:14, images of 1x28x28 need less than 14",
    "shift:-1, at least 0",
  })
  void wrongAugmentationIsRefused(String kinds, String message, @TempDir Path folder)
      throws Exception {
    Cli.run(Cli.train(folder, "--augment", kinds)).failed(2, message);
  }

  @Test
  void aDeviceThatIsNotThereIsAnErrorAndNotTheCpu(@TempDir Path folder) throws Exception {
    Cli.Result result = Cli.run("bench", "--device", "cuda:999", "--steps", 1);
    result.failed(1, "CUDA device 999");
    assertEquals("", result.out());
  }

  @Test
  void verboseShowsWhere() {
    Cli.Result result = Cli.run("bench", "--device", "cuda:999", "--verbose");
    assertEquals(1, result.exit());
    assertTrue(result.err().contains("\tat dev.azulejo"), result.err());
  }
}

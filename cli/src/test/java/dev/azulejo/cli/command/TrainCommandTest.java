package dev.azulejo.cli.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.azulejo.cli.Cli;
import dev.azulejo.cli.GlyphFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private Path out(String file) {
    return folder.resolve("out").resolve(file);
  }

  @Test
  void trainsAndWritesModelCurveAndMetrics() throws Exception {
    Path json = folder.resolve("also.json");
    Path data = GlyphFiles.write(folder, 320, 300);
    Object[] train =
        Cli.train(
            folder,
            data,
            "--epochs",
            3,
            "--optimizer",
            "sgd",
            "--validation",
            0.25,
            "--json",
            json);
    Cli.Result result = Cli.run(train).succeeded();
    assertTrue(result.lastLine().matches("Test accuracy: \\d+\\.\\d\\d %"), result.lastLine());
    for (String part :
        new String[] {
          "device: cpu 0",
          "data: mnist, 320 training and 300 test images of 1x28x28, 10 classes",
          "memory, batch 32",
          "80 images for validation",
          "epoch 3/3: loss ",
          "; validation loss ",
          "precision",
          "model: " + out("model.safetensors")
        }) {
      assertTrue(result.out().contains(part), () -> part + " in: " + result.out());
    }

    assertNotNull(ImageIO.read(out("learning-curve.png").toFile()));
    var factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    var svg = factory.newDocumentBuilder().parse(out("learning-curve.svg").toFile());
    assertEquals("svg", svg.getDocumentElement().getTagName());

    JsonNode metrics = JSON.readTree(out("metrics.json").toFile());
    assertEquals(metrics, JSON.readTree(json.toFile()));
    assertEquals(3, metrics.get("epochs").size());
    assertTrue(metrics.at("/epochs/2/trainLoss").isNumber());
    assertTrue(metrics.at("/epochs/2/validationAccuracy").isNumber());
    assertEquals(300, metrics.at("/test/samples").asInt());
    assertEquals(10, metrics.at("/test/confusion").size());
    // It learned: the loss of ten equally likely classes is ln 10 = 2.30.
    assertTrue(metrics.at("/epochs/2/trainLoss").asDouble() < 2.2, metrics::toString);

    Object[] evaluate = {"evaluate", null, "--data", "mnist", "--data-dir", data};
    evaluate[1] = out("model.safetensors");
    assertEquals(result.lastLine(), Cli.run(evaluate).succeeded().lastLine());
    evaluate[1] = out("checkpoint.safetensors");
    assertEquals(result.lastLine(), Cli.run(evaluate).succeeded().lastLine());
  }

  @Test
  void theSameSeedGivesTheSameBits() throws Exception {
    Cli.run(Cli.train(folder, "--epochs", 2, "--augment", "shift:1,flip", "--seed", 7)).succeeded();
    byte[] first = Files.readAllBytes(out("model.safetensors"));
    Cli.run(Cli.train(folder, "--epochs", 2, "--augment", "shift:1,flip", "--seed", 7)).succeeded();
    assertArrayEquals(first, Files.readAllBytes(out("model.safetensors")));
    Cli.run(Cli.train(folder, "--epochs", 2, "--augment", "shift:1,flip", "--seed", 8)).succeeded();
    assertFalse(Arrays.equals(first, Files.readAllBytes(out("model.safetensors"))));
  }

  @Test
  void everyOptimizerAndScheduleRuns() throws Exception {
    for (Object[] options :
        new Object[][] {
          {"--optimizer", "adam", "--weight-decay", 0.01, "--schedule", "step:1,0.5"},
          {"--optimizer", "sgd", "--nesterov", "--schedule", "constant", "--warmup", 0.5},
          {
            "--optimizer",
            "sgd",
            "--rate",
            0.01,
            "--momentum",
            0,
            "--schedule",
            "cosine",
            "--workers",
            2
          },
          {"--augment", "crop", "--threads", 1},
        }) {
      Cli.run(Cli.train(folder, options)).succeeded();
    }
  }

  @Test
  void earlyStopSaysWhy() throws Exception {
    // A rate this small improves the loss by less than rounding shows, or not at all.
    Cli.Result result =
        Cli.run(
                Cli.train(
                    folder, "--epochs", 9, "--rate", 1e-30, "--validation", 0.2, "--early-stop", 2))
            .succeeded();
    assertTrue(result.out().contains("early stop: no improvement"), result.out());
    JsonNode metrics = JSON.readTree(out("metrics.json").toFile());
    assertEquals(3, metrics.get("epochs").size());
    assertTrue(metrics.get("endedEarly").asText().contains("no improvement"));
  }

  @Test
  void untilAccuracySaysWhenAndHowLong() throws Exception {
    Path data = GlyphFiles.write(folder, 320, 100);
    Cli.Result result =
        Cli.run(Cli.train(folder, data, "--epochs", 9, "--until-accuracy", 0.001)).succeeded();
    assertTrue(result.out().contains("until 0.1 % of the test images are right"), result::out);
    assertTrue(
        result.out().matches("(?s).*\\Rtraining time: \\d+\\.\\d{3} s, without.*"), result::out);
    JsonNode metrics = JSON.readTree(out("metrics.json").toFile());
    assertEquals(1, metrics.get("epochs").size(), "nobody is always wrong");
    assertTrue(metrics.get("endedEarly").asText().contains("in epoch 1, asked for 0.10 %"));
    assertTrue(metrics.get("trainingSeconds").asDouble() > 0);
    assertEquals(
        metrics.at("/test/accuracy").asDouble(),
        metrics.at("/epochs/0/validationAccuracy").asDouble());
  }

  @Test
  void aResumedRunEqualsAnUninterruptedOne() throws Exception {
    Object[] schedule = {"--schedule", "constant", "--epochs", 3};
    Cli.run(Cli.train(folder, schedule)).succeeded();
    byte[] straight = Files.readAllBytes(out("model.safetensors"));
    JsonNode metrics = JSON.readTree(out("metrics.json").toFile());

    Cli.run(Cli.train(folder, "--schedule", "constant", "--epochs", 1)).succeeded();
    Path checkpoint = out("checkpoint.safetensors");
    Cli.run(Cli.train(folder, "--schedule", "constant", "--epochs", 3, "--resume", checkpoint))
        .succeeded();
    assertArrayEquals(straight, Files.readAllBytes(out("model.safetensors")));
    JsonNode resumed = JSON.readTree(out("metrics.json").toFile());
    assertEquals(3, resumed.get("epochs").size());
    for (int epoch = 0; epoch < 3; epoch++) {
      String loss = "/epochs/" + epoch + "/trainLoss";
      assertEquals(metrics.at(loss).asDouble(), resumed.at(loss).asDouble());
    }
  }

  @Test
  void aCheckpointBringsItsNetworkAlong() throws Exception {
    Path data = GlyphFiles.write(folder, 320, 32);
    Cli.run(Cli.train(folder, data, "--epochs", 1)).succeeded();
    Path checkpoint = out("checkpoint.safetensors");
    Object[] resume = {
      "train",
      "--data",
      "mnist",
      "--data-dir",
      data,
      "--batch",
      32,
      "--epochs",
      2,
      "--out",
      folder.resolve("out"),
      "--resume",
      checkpoint,
      "--network",
      "lenet5"
    };
    Cli.run(resume).failed(2, "checkpoint of another network than --network lenet5");
    Object[] withoutNetwork = Arrays.copyOf(resume, resume.length - 2);
    Cli.Result result = Cli.run(withoutNetwork).succeeded();
    assertTrue(result.out().contains("network: from " + checkpoint), result.out());
    Cli.run(Cli.train(folder, "--resume", checkpoint, "--seed", 1)).failed(1, "seed 42", "seed 1");
    Cli.run(Cli.train(folder, "--resume", out("model.safetensors")))
        .failed(1, "without the state of a training run");
  }

  @Test
  void jsonOnTheStandardOutputIsAlone() throws Exception {
    Cli.Result result = Cli.run(Cli.train(folder, "--epochs", 1, "--json", "-")).succeeded();
    assertEquals(1, JSON.readTree(result.out()).get("epochs").size());
    assertTrue(result.err().contains("Test accuracy: "), result.err());
  }

  @Test
  void aLossThatIsNoNumberEndsTheRunAndSaysWhere() throws Exception {
    Cli.Result result = Cli.run(Cli.train(folder, "--rate", "1e30", "--epochs", 2));
    result.failed(1, "azulejo: the loss is ", "epoch 1, mini-batch ");
    assertFalse(Files.exists(out("model.safetensors")));
  }

  @Test
  void aNetworkThatDoesNotFitIsRefused() throws Exception {
    Path file = folder.resolve("net.txt");
    Object[] args = {
      "train",
      "--data",
      "mnist",
      "--data-dir",
      GlyphFiles.write(folder, 64, 32),
      "--out",
      folder.resolve("out"),
      "--network",
      file
    };
    Files.writeString(file, "input 1x28x28\nflatten\ndense 7\n");
    Cli.run(args).failed(2, "has 7 outputs, the data set 10 classes", "dense 10");
    Files.writeString(file, "input 3x28x28\nflatten\ndense 10\n");
    Cli.run(args).failed(2, "takes 3x28x28, the images are 1x28x28");
    Files.writeString(file, "input 1x28x28\nflaten\ndense 10\n");
    Cli.run(args).failed(1, file + ": ", "line 2", "flaten");
    Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    Cli.run(args).failed(1, file + " cannot be read");
  }
}

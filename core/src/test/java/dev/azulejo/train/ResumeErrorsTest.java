package dev.azulejo.train;

import static dev.azulejo.train.SmallRuns.assertMessage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.data.Dataset;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.io.CheckpointException;
import dev.azulejo.io.HostTensor;
import dev.azulejo.io.SafeTensors;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints that do not fit: said why, and the network stays as it was. */
class ResumeErrorsTest extends DeviceTest {
  private static final Dataset DATA = SmallRuns.glyphs(24);

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void save() {
    file = folder.resolve("run.safetensors");
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      Trainer trainer = settings(Trainer.of(network));
      trainer.listener(ResumeTest.saveAtEpoch(trainer, file));
      trainer.fit(DATA, 1);
    }
  }

  private static Trainer settings(Trainer trainer) {
    return trainer.batchSize(8).seed(3).optimizer(Sgd.rate(0.01f).momentum(0.9f));
  }

  @Test
  void otherSettingsAreRefusedByName() {
    refused("batch-size 8, this run has batch-size 12", DATA, trainer -> trainer.batchSize(12));
    refused("seed 3, this run has seed 4", DATA, trainer -> trainer.seed(4));
    refused(
        "optimizer sgd rate 0.01 momentum 0.9 weight-decay 0.0, this run has optimizer sgd rate"
            + " 0.02 momentum 0.9",
        DATA,
        trainer -> trainer.optimizer(Sgd.rate(0.02f).momentum(0.9f)));
    refused(
        "this run has optimizer adam rate 0.01",
        DATA,
        trainer -> trainer.optimizer(Adam.rate(0.01f)));
    refused(
        "loss softmax-cross-entropy, this run has loss mean-squared-error",
        DATA,
        trainer -> trainer.loss(Loss.MEAN_SQUARED_ERROR));
    refused(
        "samples 24, this run has samples 30; resume with the same, or load the model and start a"
            + " new run",
        SmallRuns.glyphs(30),
        trainer -> trainer);
  }

  private void refused(String message, Dataset data, UnaryOperator<Trainer> change) {
    try (Network network = Network.create(device, SmallRuns.SPEC, 6)) {
      float[] before = SmallRuns.weights(network);
      Trainer trainer = change.apply(settings(Trainer.of(network))).resume(file);
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> trainer.fit(data, 2));
      assertMessage(file + " was trained with ", e);
      assertMessage(message, e);
      assertArrayEquals(before, SmallRuns.weights(network), "weights after: " + message);
    }
  }

  @Test
  void modelWithoutTrainingState() {
    Path model = folder.resolve("model.safetensors");
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      network.save(model);
      assertMessage(
          model + " is a model without the state of a training run; resume needs a checkpoint",
          assertThrows(
              CheckpointException.class,
              () -> settings(Trainer.of(network)).resume(model).fit(DATA, 2)));
    }
  }

  @Test
  void checkpointOfAnotherNetwork() {
    var other =
        NetworkText.parse(NetworkText.format(SmallRuns.SPEC).replace("dense 16", "dense 17"));
    try (Network network = Network.create(device, other, 5)) {
      CheckpointException e =
          assertThrows(
              CheckpointException.class,
              () -> settings(Trainer.of(network)).resume(file).fit(DATA, 2));
      assertMessage(file + " is a checkpoint of another network:\ninput 1x12x12", e);
      assertMessage("dense 17 relu", e);
    }
  }

  @Test
  void missingAndTruncatedFiles() throws IOException {
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      Path none = folder.resolve("none");
      assertMessage(
          none + " does not exist",
          assertThrows(
              CheckpointException.class,
              () -> settings(Trainer.of(network)).resume(none).fit(DATA, 2)));
      byte[] bytes = Files.readAllBytes(file);
      Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 4));
      assertMessage(
          file.toString(),
          assertThrows(
              CheckpointException.class,
              () -> settings(Trainer.of(network)).resume(file).fit(DATA, 2)));
    }
  }

  @ParameterizedTest(name = "{0} = {1}")
  @CsvSource(
      nullValues = "-",
      value = {
        "epoch,-",
        "epoch,x",
        "epoch,-1",
        "epoch,2",
        "batch,-",
        "batch,-2",
        "batch,1.5",
        "steps,-",
        "steps,-1",
        "steps,99999999999999999999",
        "samples,-",
        "samples,-8",
        "loss-sum,-",
        "loss-sum,much",
        "hits,-",
        "learning-rate,-",
        "history.1,-",
        "history.1,nothing",
        "history.1,'1,2,3'"
      })
  void damagedRunState(String key, String value) {
    damaged(
        "the state of the training run is damaged",
        (tensors, metadata) -> {
          if (value == null) {
            metadata.remove("azulejo.training." + key);
          } else {
            metadata.put("azulejo.training." + key, value);
          }
        });
  }

  @Test
  void damagedMoments() {
    damaged(
        "has no tensor \"optimizer.velocity.dense2.bias\" of F32[10]",
        (tensors, metadata) -> tensors.remove("optimizer.velocity.dense2.bias"));
    damaged(
        "tensor \"optimizer.velocity.dense2.bias\" is F32[2], the network needs F32[10]",
        (tensors, metadata) ->
            tensors.put("optimizer.velocity.dense2.bias", HostTensor.ofFloats(new float[2], 2)));
    damaged(
        "has no tensor \"conv2d1.weight\"",
        (tensors, metadata) -> tensors.remove("conv2d1.weight"));
  }

  private void damaged(
      String message, BiConsumer<Map<String, HostTensor>, Map<String, String>> damage) {
    SafeTensors.Contents contents = SafeTensors.read(file);
    Map<String, HostTensor> tensors = new LinkedHashMap<>(contents.tensors());
    Map<String, String> metadata = new LinkedHashMap<>(contents.metadata());
    damage.accept(tensors, metadata);
    Path broken = folder.resolve("broken.safetensors");
    SafeTensors.write(broken, tensors, metadata);
    try (Network network = Network.create(device, SmallRuns.SPEC, 6)) {
      float[] before = SmallRuns.weights(network);
      CheckpointException e =
          assertThrows(
              CheckpointException.class,
              () -> settings(Trainer.of(network)).resume(broken).fit(DATA, 2));
      assertMessage(message, e);
      assertMessage(broken.toString(), e);
      assertArrayEquals(before, SmallRuns.weights(network), "weights after: " + message);
    }
  }

  /** A save that fails leaves the file of before, and ends the run with the reason. */
  @Test
  void unwritableTarget() throws IOException {
    Path inTheWay = Files.writeString(folder.resolve("file"), "a file");
    try (Network network = Network.create(device, SmallRuns.SPEC, 5)) {
      Trainer trainer = settings(Trainer.of(network));
      Path target = inTheWay.resolve("run.safetensors");
      trainer.listener(ResumeTest.saveAtEpoch(trainer, target));
      assertMessage(
          target.toString(), assertThrows(CheckpointException.class, () -> trainer.fit(DATA, 1)));
    }
  }
}

package dev.azulejo.train;

import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.io.CheckpointException;
import dev.azulejo.io.HostTensor;
import dev.azulejo.io.SafeTensors;
import dev.azulejo.nn.ModelFile;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkText;
import dev.azulejo.nn.ParameterLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A training run as a file: the model, the optimiser's moments, and where the run is, so that it
 * goes on bit for bit. The numbers of the run are metadata strings, each written so that it reads
 * back exactly.
 */
final class Checkpoint {
  private static final String PREFIX = "azulejo.training.";

  private Checkpoint() {}

  /**
   * Writes a file, as a whole or not at all.
   *
   * @param moments of the optimiser, by name
   */
  static void write(Path file, Network network, Map<String, Tensor> moments, RunState run) {
    Map<String, HostTensor> tensors = new LinkedHashMap<>(ModelFile.tensors(network));
    Stream stream = network.device().stream();
    moments.forEach(
        (name, flat) ->
            tensors.putAll(ModelFile.tensors(network.layout(), flat, stream, prefix(name))));
    Map<String, String> metadata = new LinkedHashMap<>(ModelFile.metadata(network));
    run.toMap().forEach((key, value) -> metadata.put(PREFIX + key, value));
    SafeTensors.write(file, tensors, metadata);
  }

  /**
   * Reads a file into a network and an optimiser; neither is changed where anything does not fit.
   *
   * @param settings of the run that goes on, which must be those of the run that was saved
   */
  static RunState read(
      Path file, Network network, OptimizerState optimizer, Map<String, String> settings) {
    SafeTensors.Contents contents = SafeTensors.read(file);
    String description = NetworkText.format(ModelFile.spec(file, contents));
    String mine = NetworkText.format(network.spec());
    if (!description.equals(mine)) {
      throw new CheckpointException(
          file + " is a checkpoint of another network:\n" + description + "and not of\n" + mine);
    }
    Map<String, String> values = new LinkedHashMap<>();
    contents
        .metadata()
        .forEach(
            (key, value) -> {
              if (key.startsWith(PREFIX)) {
                values.put(key.substring(PREFIX.length()), value);
              }
            });
    if (values.isEmpty()) {
      throw new CheckpointException(
          file + " is a model without the state of a training run; resume needs a checkpoint");
    }
    RunState run = RunState.parse(file, values);
    run.checkSettings(file, settings);
    ParameterLayout layout = network.layout();
    Stream stream = network.device().stream();
    // Everything is read before anything is overwritten.
    float[] weights = ModelFile.parameters(file, contents, layout, "");
    List<Tensor> targets = new ArrayList<>();
    List<float[]> moments = new ArrayList<>();
    optimizer
        .moments()
        .forEach(
            (name, flat) -> {
              targets.add(flat);
              moments.add(ModelFile.parameters(file, contents, layout, prefix(name)));
            });
    network.write(stream, target -> target.upload(stream, weights));
    for (int i = 0; i < targets.size(); i++) {
      targets.get(i).upload(stream, moments.get(i));
    }
    return run;
  }

  private static String prefix(String moment) {
    return ModelFile.OPTIMIZER_PREFIX + moment + ".";
  }
}

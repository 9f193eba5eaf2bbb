package dev.azulejo.cli.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.cli.UsageException;
import dev.azulejo.cli.options.DeviceOptions;
import dev.azulejo.cli.options.JsonOption;
import dev.azulejo.cli.report.Json;
import dev.azulejo.data.ImageFile;
import dev.azulejo.device.Device;
import dev.azulejo.nn.Network;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code azulejo predict}: what is in these images. */
@Command(
    name = "predict",
    header = "Says what a saved network sees in images.",
    description =
        "The images are resized to the network's input, and colour becomes gray, or gray colour, as"
            + " the network needs it.")
public final class PredictCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "PNG or JPEG files.")
  private List<Path> images;

  @Option(
      names = "--model",
      paramLabel = "FILE",
      defaultValue = RunFiles.DEFAULT_FOLDER + "/" + RunFiles.MODEL,
      description = "The network's file, a model or a checkpoint. Default: ${DEFAULT-VALUE}.")
  private Path model;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "3",
      description = "Show the K most probable classes. Default: ${DEFAULT-VALUE}.")
  private int top;

  @Option(
      names = "--invert",
      description =
          "Turn black into white first: MNIST and Fashion-MNIST show things white on black, most"
              + " photographs and drawings dark on light.")
  private boolean invert;

  @Mixin private DeviceOptions device;

  @Mixin private JsonOption json;

  @Override
  public Integer call() throws IOException {
    if (top < 1) {
      throw new UsageException("--top " + top + ": it must be at least 1");
    }
    json.check();
    PrintWriter text = json.text(spec);
    ObjectNode document = Json.object();
    document.put("model", model.toString());
    ArrayNode predictions = document.putArray("predictions");
    try (Device opened = device.open(text);
        Network network = Network.load(opened, model)) {
      for (Path image : images) {
        float[] probabilities = network.predict(read(image, network));
        show(image, network, probabilities, text, predictions.addObject());
      }
    }
    json.write(spec, document);
    return 0;
  }

  private float[] read(Path image, Network network) {
    float[] sample = ImageFile.read(image, network.spec().input());
    if (invert) {
      for (int i = 0; i < sample.length; i++) {
        sample[i] = 1 - sample[i];
      }
    }
    return sample;
  }

  private void show(
      Path image, Network network, float[] probabilities, PrintWriter text, ObjectNode node) {
    node.put("image", image.toString());
    ArrayNode classes = node.putArray("classes");
    text.print(image + ":");
    List<Integer> order =
        IntStream.range(0, probabilities.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer c) -> probabilities[c]).reversed())
            .limit(top)
            .toList();
    for (int label : order) {
      String name = name(network, label);
      text.printf(
          Locale.ROOT,
          "%s %s %.2f %%",
          label == order.getFirst() ? "" : ",",
          name,
          100 * probabilities[label]);
      ObjectNode one = classes.addObject();
      one.put("label", label);
      one.put("name", name);
      Json.put(one, "probability", probabilities[label]);
    }
    text.println();
    text.flush();
  }

  private static String name(Network network, int label) {
    List<String> names = network.classNames();
    return names.isEmpty() ? "class " + label : names.get(label);
  }
}

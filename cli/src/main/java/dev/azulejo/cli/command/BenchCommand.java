package dev.azulejo.cli.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.azulejo.cli.UsageException;
import dev.azulejo.cli.Version;
import dev.azulejo.cli.options.DeviceOptions;
import dev.azulejo.cli.options.EngineOption;
import dev.azulejo.cli.options.JsonOption;
import dev.azulejo.cli.options.NetworkOption;
import dev.azulejo.cli.report.Json;
import dev.azulejo.cli.report.Table;
import dev.azulejo.data.Shape;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceInfo;
import dev.azulejo.device.Stream;
import dev.azulejo.nn.InferencePlan;
import dev.azulejo.nn.Loss;
import dev.azulejo.nn.Network;
import dev.azulejo.nn.NetworkSpec;
import dev.azulejo.nn.Zoo;
import dev.azulejo.train.Sgd;
import dev.azulejo.train.TrainingStep;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code azulejo bench}: how fast a network trains and predicts. */
@Command(
    name = "bench",
    header = "Measures how fast a network trains and predicts.",
    description =
        "The figures are medians of steps after a warm-up, on random images that are in memory"
            + " already. A training step is everything from the images to the updated weights (SGD"
            + " with momentum).")
public final class BenchCommand implements Callable<Integer> {
  private static final float RATE =
      1e-4f; // small, so that random labels do not blow the weights up
  private static final float MOMENTUM = 0.9f;

  private static final int DEFAULT_CLASSES = 10;

  @Spec private CommandSpec spec;

  @Mixin private NetworkOption network;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images of a step. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--input",
      paramLabel = "CxHxW",
      description =
          "Shape of the images for a named network. Default: what it was made for, 1x28x28 or"
              + " 3x32x32.")
  private String input;

  @Option(
      names = "--classes",
      paramLabel = "N",
      description = "Outputs of a named network. Default: " + DEFAULT_CLASSES + ".")
  private Integer classes;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "3",
      description = "How long to measure each of the two. Default: ${DEFAULT-VALUE}.")
  private double seconds;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "0",
      description = "Measure so many steps of each instead.")
  private int steps;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "42",
      description = "Decides weights and images. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Option(
      names = "--layers",
      description =
          "Also measure each layer inside a training step, beside the operations and bytes it"
              + " needs.")
  private boolean layers;

  @Mixin private DeviceOptions device;

  @Mixin private EngineOption engine;

  @Mixin private JsonOption json;

  /** A mini-batch of noise with labels, off the heap. */
  private record Samples(MemorySegment images, MemorySegment labels) {}

  @Override
  public Integer call() throws IOException {
    if (batch < 1 || steps < 0 || !(seconds > 0)) {
      throw new UsageException(
          "--batch %d, --steps %d, --seconds %s: each must be positive"
              .formatted(batch, steps, seconds));
    }
    network.check();
    NetworkSpec description = description();
    json.check();
    PrintWriter text = json.text(spec);
    try (Device opened = device.open(text);
        Arena arena = Arena.ofConfined();
        Network made = Network.create(opened, description, seed)) {
      made.setEngine(engine.open(opened));
      Samples samples = samples(arena, description);
      StepTimes infer = infer(made, samples);
      StepTimes train = train(made, samples);
      ObjectNode document = document(opened, description.input(), train, infer);
      LayerTimes layerTimes =
          layers ? new LayerTimes(made, samples.images(), batch, steps, seconds) : null;
      text.println(
          "network: "
              + network.name()
              + ", batch "
              + batch
              + ", images of "
              + description.input()
              + ", engine "
              + engine.name());
      text.print(
          new Table("", "images/s", "median of a step", "steps")
              .row("training", rate(train), millis(train), train.count())
              .row("inference", rate(infer), millis(infer), infer.count()));
      if (layerTimes != null) {
        layerTimes.print(text);
        layerTimes.json(document.putArray("layers"));
      }
      text.flush();
      json.write(spec, document);
    }
    return 0;
  }

  private StepTimes train(Network made, Samples samples) {
    try (TrainingStep step =
        new TrainingStep(
            made, Sgd.rate(RATE).momentum(MOMENTUM), Loss.SOFTMAX_CROSS_ENTROPY, batch, 1)) {
      Stream stream = made.device().stream();
      return StepTimes.measure(
          () -> {
            step.gradients(samples.images(), samples.labels(), batch);
            step.update(RATE);
            stream.synchronize();
          },
          steps,
          seconds);
    }
  }

  private StepTimes infer(Network made, Samples samples) {
    Stream stream = made.device().stream();
    long values = (long) batch * made.spec().input().size();
    try (InferencePlan plan = made.plan(batch)) {
      return StepTimes.measure(
          () -> {
            plan.input().upload(stream, values, samples.images());
            plan.run(batch);
            stream.synchronize();
          },
          steps,
          seconds);
    }
  }

  private Samples samples(Arena arena, NetworkSpec description) {
    SplittableRandom random = new SplittableRandom(seed);
    int classes = description.output().size();
    long values = Math.multiplyExact((long) batch, description.input().size());
    MemorySegment images = arena.allocate(ValueLayout.JAVA_FLOAT, values);
    MemorySegment labels = arena.allocate(ValueLayout.JAVA_INT, batch);
    for (long i = 0; i < values; i++) {
      images.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
    }
    for (int i = 0; i < batch; i++) {
      labels.setAtIndex(ValueLayout.JAVA_INT, i, random.nextInt(classes));
    }
    return new Samples(images, labels);
  }

  /** A named network fits any images; a file says itself which. */
  private NetworkSpec description() throws IOException {
    if (network.isNamed()) {
      return network.spec(shape(), classes == null ? DEFAULT_CLASSES : classes);
    }
    if (input != null || classes != null) {
      throw new UsageException(
          "--input and --classes are for named networks; " + network.name() + " says its own");
    }
    return network.read();
  }

  private Shape shape() {
    if (input == null) {
      return Zoo.defaultInput(network.name());
    }
    String[] parts = input.split("x", -1);
    try {
      if (parts.length == 3) {
        return new Shape(
            Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
      }
    } catch (NumberFormatException e) {
      // Said below.
    } catch (IllegalArgumentException e) {
      throw new UsageException("--input " + input + ": " + e.getMessage());
    }
    throw new UsageException(
        "--input " + input + ": a shape is channels x rows x columns, such as 1x28x28");
  }

  private ObjectNode document(Device opened, Shape shape, StepTimes train, StepTimes infer) {
    DeviceInfo info = opened.info();
    ObjectNode document = Json.object();
    document.put("network", network.name());
    document.put("engine", engine.name());
    document.put("batch", batch);
    document.put("input", shape.toString());
    document.put("trainImagesPerSecond", batch / train.median());
    document.put("inferImagesPerSecond", batch / infer.median());
    document.set("train", train.json());
    document.set("infer", infer.json());
    ObjectNode where = document.putObject("device");
    where.put("kind", DeviceOptions.name(info.kind()));
    where.put("name", info.name());
    where.put("instructionSet", info.instructionSet());
    where.put("computeUnits", info.computeUnits());
    where.put("threads", opened.stream().threads());
    ObjectNode machine = document.putObject("machine");
    machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    machine.put("arch", System.getProperty("os.arch"));
    machine.put("processors", Runtime.getRuntime().availableProcessors());
    machine.put("java", Runtime.version().toString());
    document.put("version", Version.version());
    document.put("commit", Version.commit());
    return document;
  }

  private String rate(StepTimes times) {
    return String.format(Locale.ROOT, "%,.0f", batch / times.median());
  }

  private static String millis(StepTimes times) {
    return String.format(Locale.ROOT, "%.3f ms", 1e3 * times.median());
  }
}

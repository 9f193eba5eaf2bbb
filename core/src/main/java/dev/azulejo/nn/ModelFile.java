package dev.azulejo.nn;

import dev.azulejo.device.Device;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.io.CheckpointException;
import dev.azulejo.io.ElementType;
import dev.azulejo.io.HostTensor;
import dev.azulejo.io.SafeTensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A network as a safetensors file: every parameter under its name, such as {@code conv2d1.weight};
 * the description and the class names as metadata. A checkpoint is the same with the optimiser's
 * state besides, so either can be read as a network.
 */
public final class ModelFile {
  /** What names of an optimiser's tensors begin with; a network does not read them. */
  public static final String OPTIMIZER_PREFIX = "optimizer.";

  private static final String NETWORK = "azulejo.network";
  private static final String CLASSES = "azulejo.classes";

  private ModelFile() {}

  static void write(Network network, Path file) {
    SafeTensors.write(file, tensors(network), metadata(network));
  }

  static Network read(Device device, Path file) {
    SafeTensors.Contents contents = SafeTensors.read(file);
    NetworkSpec spec = spec(file, contents);
    ParameterLayout layout = ParameterLayout.of(spec);
    checkNames(file, contents, layout);
    Network network = Network.of(device, spec, parameters(file, contents, layout, ""));
    String classes = contents.metadata().get(CLASSES);
    if (classes != null) {
      try {
        network.setClassNames(List.of(classes.split("\n", -1)));
      } catch (IllegalArgumentException e) {
        network.close();
        throw new CheckpointException(file + " is damaged: " + e.getMessage(), e);
      }
    }
    return network;
  }

  /** The parameters of a network, by name. */
  public static Map<String, HostTensor> tensors(Network network) {
    return tensors(network.layout(), network.readOnlyWeights(), network.device().stream(), "");
  }

  /** The parts of a flat buffer, by prefix and parameter name. */
  public static Map<String, HostTensor> tensors(
      ParameterLayout layout, Tensor flat, Stream stream, String prefix) {
    Map<String, HostTensor> tensors = new LinkedHashMap<>();
    for (ParameterLayout.Entry entry : layout.entries()) {
      float[] values = flat.slice(entry.offset(), entry.count()).toArray(stream);
      tensors.put(prefix + entry.name(), HostTensor.ofFloats(values, entry.shape().shape()));
    }
    return tensors;
  }

  /** The strings that describe a network. */
  public static Map<String, String> metadata(Network network) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(NETWORK, NetworkText.format(network.spec()));
    if (!network.classNames().isEmpty()) {
      metadata.put(CLASSES, String.join("\n", network.classNames()));
    }
    return metadata;
  }

  /** The description in a file. */
  public static NetworkSpec spec(Path file, SafeTensors.Contents contents) {
    String text = contents.metadata().get(NETWORK);
    if (text == null) {
      throw new CheckpointException(
          file
              + " is a safetensors file, but not one of Azulejo: its metadata has no \""
              + NETWORK
              + "\"");
    }
    try {
      return NetworkText.parse(text);
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(file + ": " + e.getMessage(), e);
    }
  }

  /** A flat buffer's values from the tensors of that prefix; every one of them must be there. */
  public static float[] parameters(
      Path file, SafeTensors.Contents contents, ParameterLayout layout, String prefix) {
    // All tensors are there before memory of their size is asked for: a file may claim anything.
    for (ParameterLayout.Entry entry : layout.entries()) {
      tensor(file, contents, entry, prefix);
    }
    float[] values = layout.newValues();
    for (ParameterLayout.Entry entry : layout.entries()) {
      float[] part = tensor(file, contents, entry, prefix).toFloats();
      System.arraycopy(part, 0, values, Math.toIntExact(entry.offset()), part.length);
    }
    return values;
  }

  private static HostTensor tensor(
      Path file, SafeTensors.Contents contents, ParameterLayout.Entry entry, String prefix) {
    String name = prefix + entry.name();
    HostTensor tensor = contents.tensors().get(name);
    long[] shape = entry.shape().shape();
    String wanted = ElementType.F32 + Arrays.toString(shape);
    if (tensor == null) {
      throw new CheckpointException(
          file
              + " has no tensor \""
              + name
              + "\" of "
              + wanted
              + "; it has "
              + contents.tensors().keySet());
    }
    if (tensor.type() != ElementType.F32 || !Arrays.equals(tensor.shape(), shape)) {
      throw new CheckpointException(
          file + ": tensor \"" + name + "\" is " + tensor + ", the network needs " + wanted);
    }
    return tensor;
  }

  private static void checkNames(Path file, SafeTensors.Contents contents, ParameterLayout layout) {
    List<String> known = layout.entries().stream().map(ParameterLayout.Entry::name).toList();
    for (String name : contents.tensors().keySet()) {
      if (!name.startsWith(OPTIMIZER_PREFIX) && !known.contains(name)) {
        throw new CheckpointException(
            file + " has a tensor \"" + name + "\" that its network does not: it has " + known);
      }
    }
  }
}

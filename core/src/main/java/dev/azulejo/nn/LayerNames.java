package dev.azulejo.nn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Numbers layers by kind: conv2d1, maxpool1, conv2d2, ... */
final class LayerNames {
  private LayerNames() {}

  static List<String> number(List<Layer> layers) {
    Map<String, Integer> seen = new HashMap<>();
    List<String> names = new ArrayList<>(layers.size());
    for (Layer layer : layers) {
      names.add(layer.name() + seen.merge(layer.name(), 1, Integer::sum));
    }
    return names;
  }
}

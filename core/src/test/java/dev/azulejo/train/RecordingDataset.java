package dev.azulejo.train;

import dev.azulejo.data.Dataset;
import dev.azulejo.data.Shape;
import java.util.ArrayList;
import java.util.List;

/** A data set that writes down which samples were read. */
final class RecordingDataset implements Dataset {
  private final Dataset base;
  private final List<Integer> indices = new ArrayList<>();

  RecordingDataset(Dataset base) {
    this.base = base;
  }

  /** In the order they were read. */
  synchronized List<Integer> indices() {
    return List.copyOf(indices);
  }

  @Override
  public int size() {
    return base.size();
  }

  @Override
  public Shape shape() {
    return base.shape();
  }

  @Override
  public List<String> classNames() {
    return base.classNames();
  }

  @Override
  public int label(int index) {
    return base.label(index);
  }

  @Override
  public synchronized void read(int index, float[] target, int offset) {
    indices.add(index);
    base.read(index, target, offset);
  }
}

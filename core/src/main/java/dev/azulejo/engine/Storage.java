package dev.azulejo.engine;

import dev.azulejo.data.Shape;
import dev.azulejo.device.ElementType;
import dev.azulejo.ops.Bf16Packing;

/** How activations, and the gradients to them, lie in memory between the steps of a network. */
public enum Storage {
  /** float32, [batch][channels][height][width]. */
  F32(ElementType.F32),
  /**
   * BF16 with channels last, [batch][height][width][channels], rounded up to a multiple of 8 with
   * zeros: half of the bytes, and as tensor cores read them.
   */
  BF16(ElementType.BF16);

  private final ElementType type;

  Storage(ElementType type) {
    this.type = type;
  }

  /** What the elements are. */
  public ElementType type() {
    return type;
  }

  /** Elements of one sample. */
  public long elements(Shape sample) {
    return this == F32
        ? sample.size()
        : Bf16Packing.count(1, sample.channels(), (long) sample.height() * sample.width());
  }
}

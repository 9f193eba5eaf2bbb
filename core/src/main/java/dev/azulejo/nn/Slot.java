package dev.azulejo.nn;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Tensor;

/**
 * A tensor's place in the buffer of a plan.
 *
 * @param offset where it begins, in floats
 * @param type of its elements
 * @param elements how many
 */
record Slot(long offset, ElementType type, long elements) {

  /** Takes room for so many elements, none where there are none: null then. */
  static Slot take(FloatOffsets offsets, ElementType type, long elements) {
    return elements == 0 ? null : new Slot(offsets.take(floats(type, elements)), type, elements);
  }

  /** Floats that have room for so many elements. */
  static long floats(ElementType type, long elements) {
    long perFloat = Float.BYTES / type.bytes();
    return (elements - 1) / perFloat + 1;
  }

  /** The tensor; null is none. */
  static Tensor in(DeviceBuffer buffer, Slot slot) {
    if (slot == null) {
      return null;
    }
    long offset = slot.offset * Float.BYTES / slot.type.bytes();
    return switch (slot.type) {
      case F32 -> buffer.floats(offset, slot.elements);
      case I32 -> buffer.ints(offset, slot.elements);
      case BF16 -> buffer.bf16(offset, slot.elements);
      case U8 -> buffer.pixels(offset, slot.elements);
      case I64 -> throw new IllegalArgumentException("no plan has 64-bit integers");
    };
  }

  /** The tensors of several. */
  static Tensor[] in(DeviceBuffer buffer, Slot[] slots) {
    Tensor[] tensors = new Tensor[slots.length];
    for (int i = 0; i < slots.length; i++) {
      tensors[i] = in(buffer, slots[i]);
    }
    return tensors;
  }
}

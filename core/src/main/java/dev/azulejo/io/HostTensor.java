package dev.azulejo.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * A tensor in host memory, to be written to a checkpoint or read from one: element type, shape, and
 * the elements, dense, row-major, little-endian. It refers to the memory it was made of and copies
 * nothing.
 */
public final class HostTensor {

  static {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new IllegalStateException(
          "safetensors files are little-endian and so must be the machine that reads or writes"
              + " them");
    }
  }

  // The conversions below copy from memory that need not be aligned.
  private static final ValueLayout.OfFloat FLOATS = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfInt INTS = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONGS = ValueLayout.JAVA_LONG_UNALIGNED;

  private final ElementType type;
  private final long[] shape;
  private final MemorySegment data;

  private HostTensor(ElementType type, long[] shape, MemorySegment data) {
    this.type = type;
    this.shape = shape;
    this.data = data;
  }

  /**
   * A tensor of any type over existing memory.
   *
   * @param type of the elements
   * @param data exactly as many bytes as the shape needs
   * @param shape the dimensions, outermost first; none for a single element, 0 for an empty tensor
   * @throws IllegalArgumentException if a dimension is negative or the number of bytes is not what
   *     the shape needs
   */
  public static HostTensor of(ElementType type, MemorySegment data, long... shape) {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(data, "data");
    long needed;
    try {
      needed = Math.multiplyExact(elements(shape), type.bytes());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "shape %s of %s has more than 2^63 bytes".formatted(Arrays.toString(shape), type), e);
    }
    if (needed != data.byteSize()) {
      throw new IllegalArgumentException(
          "shape %s of %s needs %d bytes, the data has %d"
              .formatted(Arrays.toString(shape), type, needed, data.byteSize()));
    }
    return new HostTensor(type, shape.clone(), data);
  }

  /** An F32 tensor over an array. */
  public static HostTensor ofFloats(float[] values, long... shape) {
    return of(ElementType.F32, MemorySegment.ofArray(values), shape);
  }

  /** An I32 tensor over an array. */
  public static HostTensor ofInts(int[] values, long... shape) {
    return of(ElementType.I32, MemorySegment.ofArray(values), shape);
  }

  /** An I64 tensor over an array. */
  public static HostTensor ofLongs(long[] values, long... shape) {
    return of(ElementType.I64, MemorySegment.ofArray(values), shape);
  }

  /**
   * The number of elements of a shape.
   *
   * @throws IllegalArgumentException if a dimension is negative
   * @throws ArithmeticException if the number does not fit into 63 bits
   */
  static long elements(long[] shape) {
    long elements = 1;
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException(
            "shape %s has a negative dimension".formatted(Arrays.toString(shape)));
      }
      elements = Math.multiplyExact(elements, dimension);
    }
    return elements;
  }

  /** The element type. */
  public ElementType type() {
    return type;
  }

  /** The dimensions, outermost first. */
  public long[] shape() {
    return shape.clone();
  }

  /** The elements' bytes. */
  public MemorySegment data() {
    return data;
  }

  /** The number of elements. */
  public long count() {
    return data.byteSize() / type.bytes();
  }

  /**
   * A copy of an F32 tensor's elements.
   *
   * @throws IllegalArgumentException if it has another type or more elements than an array holds
   */
  public float[] toFloats() {
    float[] values = new float[length(ElementType.F32)];
    MemorySegment.copy(data, FLOATS, 0, values, 0, values.length);
    return values;
  }

  /**
   * A copy of an I32 tensor's elements.
   *
   * @throws IllegalArgumentException if it has another type or more elements than an array holds
   */
  public int[] toInts() {
    int[] values = new int[length(ElementType.I32)];
    MemorySegment.copy(data, INTS, 0, values, 0, values.length);
    return values;
  }

  /**
   * A copy of an I64 tensor's elements.
   *
   * @throws IllegalArgumentException if it has another type or more elements than an array holds
   */
  public long[] toLongs() {
    long[] values = new long[length(ElementType.I64)];
    MemorySegment.copy(data, LONGS, 0, values, 0, values.length);
    return values;
  }

  private int length(ElementType wanted) {
    if (type != wanted) {
      throw new IllegalArgumentException("the tensor holds %s, not %s".formatted(type, wanted));
    }
    if (count() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "the tensor has %d elements, more than an array holds".formatted(count()));
    }
    return (int) count();
  }

  /** Type and shape, as {@code F32[64, 32, 3, 3]}. */
  @Override
  public String toString() {
    return type + Arrays.toString(shape);
  }
}

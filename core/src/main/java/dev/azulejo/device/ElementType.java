package dev.azulejo.device;

/** What the elements of a tensor are. */
public enum ElementType {
  /** IEEE 754 binary32, Java's float. */
  F32(Float.BYTES),
  /** 32-bit signed integer, Java's int: labels and positions of maxima. */
  I32(Integer.BYTES),
  /** 64-bit signed integer, Java's long: positions in lists on the device. */
  I64(Long.BYTES),
  /**
   * Brain floating point, the upper half of an {@link #F32}, in Java the bits of a short: {@code
   * azj_bf16}.
   */
  BF16(Short.BYTES),
  /** 8-bit unsigned integer, the bits of Java's byte: stored pixels, 0 to 255. */
  U8(Byte.BYTES);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of an element. */
  public int bytes() {
    return bytes;
  }
}

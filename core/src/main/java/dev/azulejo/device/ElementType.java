package dev.azulejo.device;

/** What the elements of a tensor are; all have 4 bytes. */
public enum ElementType {
  /** IEEE 754 binary32, Java's float. */
  F32,
  /** 32-bit signed integer, Java's int: labels and positions of maxima. */
  I32
}

package dev.azulejo.ops;

import dev.azulejo.bindings.azulejo.azulejo_h;

/**
 * What the factors of a sum of products are rounded to before they are multiplied. The products are
 * added up in float32 in any case.
 */
public enum Precision {
  /** Not rounded: full float32. */
  FLOAT32(azulejo_h.AZJ_FP32(), 0),
  /** TF32: float32's exponent, 10 bits of mantissa; to nearest. */
  TF32(azulejo_h.AZJ_TF32(), 0x1p-11),
  /** BF16: float32's exponent, 7 bits of mantissa; to nearest. */
  BF16(azulejo_h.AZJ_BF16(), 0x1p-8);

  private final int code;
  private final double roundoff;

  Precision(int code, double roundoff) {
    this.code = code;
    this.roundoff = roundoff;
  }

  /** The number of azulejo.h. */
  int code() {
    return code;
  }

  /** How far a factor may be from what was given, as a part of it: the unit roundoff. */
  public double roundoff() {
    return roundoff;
  }
}

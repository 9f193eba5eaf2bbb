package dev.azulejo.engine;

import java.util.Locale;

/**
 * The arithmetic of products; sums are float32 throughout, and tensors are float32 in memory unless
 * the engine says otherwise, {@link EngineSession#storage}.
 */
public enum Precision {
  /** Products of float32. */
  FP32,
  /** Factors rounded to TF32, 10 bits of mantissa. */
  TF32,
  /** Factors rounded to BF16, 7 bits of mantissa. */
  BF16;

  /** As it is written on the command line, such as {@code tf32}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

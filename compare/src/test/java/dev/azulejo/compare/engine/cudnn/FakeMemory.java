package dev.azulejo.compare.engine.cudnn;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Numbers in host memory by its address, float32 or BF16. */
final class FakeMemory {
  private FakeMemory() {}

  static double[] read(long address, int count, boolean bf16) {
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(Long.MAX_VALUE);
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] =
          bf16
              ? Float.intBitsToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, i) << 16)
              : memory.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }
    return values;
  }

  /** BF16 is rounded to nearest, ties to even. */
  static void write(long address, double[] values, boolean bf16) {
    MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(Long.MAX_VALUE);
    for (int i = 0; i < values.length; i++) {
      if (bf16) {
        int bits = Float.floatToRawIntBits((float) values[i]);
        int rounded = bits + 0x7fff + (bits >> 16 & 1);
        memory.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (rounded >> 16));
      } else {
        memory.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[i]);
      }
    }
  }
}

package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.azulejo.reference.PackedReference;
import dev.azulejo.reference.Samples;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Packing to BF16 with channels last, and back: every bit. */
class Bf16PackingConformanceTest extends Bf16DeviceTest {
  @ParameterizedTest
  @CsvSource({
    "1,1,1",
    "1,8,1",
    "2,3,784",
    "3,7,25",
    "2,8,64",
    "1,9,33",
    "2,16,49",
    "5,64,9",
    "33,65,1",
    "7,1,31",
    "64,100,1",
    "2,130,35"
  })
  void packAndUnpack(int rows, int channels, int positions) {
    var layout = new PackedReference(rows, channels, positions);
    float[] x = new Samples(51).uniform((long) rows * channels * positions, 1000);
    x[0] = Float.NaN;
    x[x.length / 2] = Float.intBitsToFloat(0x3f808000); // a tie
    x[x.length - 1] = Float.NEGATIVE_INFINITY;
    short[] expected = Bf16.of(x);
    // Whatever NaN becomes, it is one.
    boolean lone = x.length == 1;
    try (Guarded dx = Guarded.of(stream, "x", x);
        GuardedBf16 packed = GuardedBf16.output(stream, "packed", layout.packedCount());
        Guarded back = Guarded.output(stream, "x", x.length)) {
      if (!runs(
          () ->
              Bf16Packing.pack(stream, rows, channels, positions, dx.floats(), packed.tensor()))) {
        return;
      }
      short[] actual = packed.written();
      check("packed", layout, nothing(x.length), nothing(x.length), zeros(layout, actual));
      short[] unpacked = layout.unpack(actual);
      if (!lone) {
        check("NaN", 1, Float.isNaN(Bf16.toFloat(unpacked[0])) ? 1 : 0);
        unpacked[0] = expected[0];
      }
      assertArrayEquals(expected, unpacked);
      Bf16Packing.unpack(stream, rows, channels, positions, packed.tensor(), back.floats());
      assertArrayEquals(Bf16.toFloats(layout.unpack(actual)), back.written());
      dx.assertUnchanged();
    }
  }

  /** Only what lies behind the channels. */
  private static short[] zeros(PackedReference layout, short[] packed) {
    short[] rest = packed.clone();
    short[] channels = layout.pack(layout.unpack(packed));
    for (int i = 0; i < rest.length; i++) {
      rest[i] ^= channels[i];
    }
    return rest;
  }

  private static double[] nothing(int count) {
    return new double[count];
  }

  private static void check(String what, int expected, int actual) {
    Agreement.check(what, expected, 0, actual);
  }
}

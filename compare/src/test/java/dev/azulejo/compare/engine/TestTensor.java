package dev.azulejo.compare.engine;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.reference.Doubles;
import java.util.Arrays;
import org.junit.jupiter.api.Assertions;

/** A tensor of a test: its memory, and the comparison with what it should be. */
public final class TestTensor implements AutoCloseable {
  private final Stream stream;
  private final DeviceBuffer buffer;

  /** With these values. */
  public TestTensor(Stream stream, float[] values) {
    this.stream = stream;
    buffer = stream.device().allocateFloats("test", values.length);
    buffer.floats().upload(stream, values);
  }

  /** Of so many elements, all NaN: what is not written fails. */
  public static TestTensor output(Stream stream, long count) {
    float[] values = new float[Math.toIntExact(count)];
    Arrays.fill(values, Float.NaN);
    return new TestTensor(stream, values);
  }

  /** All of it. */
  public Tensor floats() {
    return buffer.floats();
  }

  /** Asserts that every element is as near to the float64 value as it must be. */
  public void assertNear(double[] expected, double[] tolerance, String what) {
    double[] actual = Doubles.of(buffer.floats().toArray(stream));
    Assertions.assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance[i])) {
        Assertions.fail(
            "%s[%d]: %s, float64 has %s, tolerance %s"
                .formatted(what, i, actual[i], expected[i], tolerance[i]));
      }
    }
  }

  @Override
  public void close() {
    buffer.close();
  }
}

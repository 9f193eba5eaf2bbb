package dev.azulejo.cli.selftest;

import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.ElementType;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Bf16;
import dev.azulejo.reference.PackedReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Device memory for one case, and a watch for its operations. Closing it frees the memory. */
public final class Workbench implements AutoCloseable {
  private static final String OWNER = "self-test";

  private final Stream stream;
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private long nanos;

  /** Gives each case its own. */
  @FunctionalInterface
  interface Maker {
    Workbench make();
  }

  Workbench(Stream stream) {
    this.stream = stream;
  }

  /** The stream that everything runs on. */
  public Stream stream() {
    return stream;
  }

  /** An input. */
  public Tensor floats(float[] values) {
    Tensor tensor = allocate(values.length).floats();
    tensor.upload(stream, values);
    return tensor;
  }

  /** An input of integers. */
  public Tensor ints(int[] values) {
    Tensor tensor = allocate(values.length).ints();
    tensor.upload(stream, values);
    return tensor;
  }

  /** One 64-bit integer. */
  public Tensor longs(long value) {
    Tensor tensor = allocate(2).longs();
    tensor.upload(stream, new long[] {value});
    return tensor;
  }

  /** An input of bytes. */
  public Tensor bytes(byte[] values) {
    Tensor tensor = own(stream.device().allocate(OWNER, values.length)).pixels();
    tensor.upload(stream, values);
    return tensor;
  }

  /** An input of BF16. */
  public Tensor bf16(short[] bits) {
    Tensor tensor = own(stream.device().allocate(OWNER, (long) bits.length * Short.BYTES)).bf16();
    tensor.upload(stream, bits);
    return tensor;
  }

  /** An output of BF16, full of NaN. */
  public Tensor bf16Output(long count) {
    short[] bits = new short[Math.toIntExact(count)];
    Arrays.fill(bits, Bf16.of(Float.NaN));
    return bf16(bits);
  }

  /** An output; full of NaN, so that an element that nobody writes is found. */
  public Tensor output(long count) {
    float[] values = new float[Math.toIntExact(count)];
    Arrays.fill(values, Float.NaN);
    return floats(values);
  }

  /** An output of integers, full of numbers that no result has. */
  public Tensor intOutput(long count) {
    int[] values = new int[Math.toIntExact(count)];
    Arrays.fill(values, Integer.MIN_VALUE);
    return ints(values);
  }

  /** Runs operations to their end, and counts the time. */
  public void run(Runnable operations) {
    long start = System.nanoTime();
    operations.run();
    stream.synchronize();
    nanos += System.nanoTime() - start;
  }

  /**
   * The largest error of a result, floats or BF16, as a fraction of its tolerance; infinite where
   * it is NaN.
   */
  public double worst(double[] expected, double[] tolerance, Tensor result) {
    float[] actual =
        result.type() == ElementType.BF16
            ? Bf16.toFloats(result.toShortArray(stream))
            : result.toArray(stream);
    return worst(expected, tolerance, actual);
  }

  /**
   * As {@link #worst}, of a result in BF16 with channels last; infinite, too, where there is
   * anything but zeros behind the channels.
   */
  public double worst(
      PackedReference layout, double[] expected, double[] tolerance, Tensor result) {
    short[] packed = result.toShortArray(stream);
    return layout.endsInZeros(packed)
        ? worst(expected, tolerance, Bf16.toFloats(layout.unpack(packed)))
        : Double.POSITIVE_INFINITY;
  }

  private static double worst(double[] expected, double[] tolerance, float[] actual) {
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      double error = Math.abs(actual[i] - expected[i]);
      // An exact result may have the tolerance 0.
      double fraction = error == 0 ? 0 : error / tolerance[i];
      worst = Math.max(worst, Double.isNaN(fraction) ? Double.POSITIVE_INFINITY : fraction);
    }
    return worst;
  }

  /** As {@link #worst}, where every bit must be right. */
  public double exact(double[] expected, Tensor result) {
    return worst(expected, new double[expected.length], result);
  }

  /** 0 where integers are equal, else infinity. */
  public double equal(int[] expected, Tensor result) {
    return Arrays.equals(expected, result.toIntArray(stream)) ? 0 : Double.POSITIVE_INFINITY;
  }

  /** Time of the operations so far. */
  long nanos() {
    return nanos;
  }

  @Override
  public void close() {
    buffers.forEach(DeviceBuffer::close);
  }

  private DeviceBuffer allocate(long count) {
    return own(stream.device().allocateFloats(OWNER, count));
  }

  private DeviceBuffer own(DeviceBuffer buffer) {
    buffers.add(buffer);
    return buffer;
  }
}

package dev.azulejo.compare.overhead;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import dev.azulejo.ops.Elementwise;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A small operation, y += 0 x of 256 floats (so that y stays what it is): azj_axpy() from C,
 * through the bindings, as a critical call, and as the checked operation of core; cblas_saxpy() of
 * OpenBLAS through JNI, and the same function through FFM.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class OperationCall {
  /** Calls of one invocation of {@link #c}. */
  public static final int CALLS = 1000;

  /** Floats of x and y. */
  static final int COUNT = 256;

  private static final MemorySegment AXPY = NativeLoops.address("azj_axpy");
  private static final FunctionDescriptor TYPE =
      FunctionDescriptor.of(
          NativeLoops.INT,
          NativeLoops.POINTER,
          NativeLoops.LONG,
          NativeLoops.FLOAT,
          NativeLoops.POINTER,
          NativeLoops.POINTER);
  private static final MethodHandle CRITICAL = NativeLoops.critical(AXPY, TYPE, false);
  private static final MethodHandle LOOP =
      NativeLoops.loop(
          "azb_axpy",
          FunctionDescriptor.of(
              NativeLoops.INT,
              NativeLoops.LONG,
              NativeLoops.POINTER,
              NativeLoops.POINTER,
              NativeLoops.LONG,
              NativeLoops.FLOAT,
              NativeLoops.POINTER,
              NativeLoops.POINTER));
  private static final MethodHandle BLAS = blas();

  private Device device;
  private Stream stream;
  private DeviceBuffer memory;
  private Tensor x;
  private Tensor y;
  private MemorySegment xs;
  private MemorySegment ys;
  private FloatPointer xp;
  private FloatPointer yp;

  private static MethodHandle blas() {
    Loader.load(openblas_nolapack.class);
    return NativeLoops.call(
        NativeLoops.address("cblas_saxpy"),
        FunctionDescriptor.ofVoid(
            NativeLoops.INT,
            NativeLoops.FLOAT,
            NativeLoops.POINTER,
            NativeLoops.INT,
            NativeLoops.POINTER,
            NativeLoops.INT));
  }

  /** Makes x and y. */
  @Setup
  public void open() {
    device = Device.cpu(1);
    stream = device.stream();
    memory = device.allocateFloats("x and y", 2 * COUNT);
    x = memory.floats(0, COUNT);
    y = memory.floats(COUNT, COUNT);
    Elementwise.fill(stream, COUNT, 1, x);
    Elementwise.fill(stream, COUNT, 2, y);
    xs = x.hostView();
    ys = y.hostView();
    xp = new FloatPointer(x.toArray(stream));
    yp = new FloatPointer(y.toArray(stream));
  }

  /** Gives everything back. */
  @TearDown
  public void close() {
    memory.close();
    device.close();
    xp.close();
    yp.close();
  }

  /** What y holds, for the test that everybody computes the same. */
  float[] result() {
    return y.toArray(stream);
  }

  /** What JavaCPP's y holds. */
  float[] resultOfJavaCpp() {
    float[] values = new float[COUNT];
    yp.get(values);
    return values;
  }

  /** azj_axpy() from C. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void c() {
    try {
      int status =
          (int) LOOP.invokeExact((long) CALLS, AXPY, stream.handle(), (long) COUNT, 0f, xs, ys);
      NativeLoops.check(status);
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }

  /** azj_axpy() by our generated bindings. */
  @Benchmark
  public int bindings() {
    return azulejo_h.azj_axpy(stream.handle(), COUNT, 0, xs, ys);
  }

  /** azj_axpy() as a critical call. */
  @Benchmark
  public int ffmCritical() {
    try {
      return (int) CRITICAL.invokeExact(stream.handle(), (long) COUNT, 0f, xs, ys);
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }

  /** azj_axpy() as the operation of core, with all its checks. */
  @Benchmark
  public void core() {
    Elementwise.axpy(stream, COUNT, 0, x, y);
  }

  /** cblas_saxpy() through JNI. */
  @Benchmark
  public void blasJni() {
    openblas_nolapack.cblas_saxpy(COUNT, 0, xp, 1, yp, 1);
  }

  /** cblas_saxpy() through FFM. */
  @Benchmark
  public void blasFfm() {
    try {
      BLAS.invokeExact(COUNT, 0f, xs, 1, ys, 1);
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }
}

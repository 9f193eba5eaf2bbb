package dev.azulejo.compare.overhead;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A copy into a buffer of the device: azj_upload() of off-heap memory from C, through the bindings
 * and through core; of a Java array through core, and as a critical call that reads the array where
 * it lies; and the copy of an array into native memory by JavaCPP, through JNI.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class BufferCopy {
  /** Calls of one invocation of {@link #c}. */
  public static final int CALLS = 100;

  /** What is copied. */
  static final float VALUE = 3;

  private static final MemorySegment UPLOAD = NativeLoops.address("azj_upload");
  private static final FunctionDescriptor TYPE =
      FunctionDescriptor.of(
          NativeLoops.INT,
          NativeLoops.POINTER,
          NativeLoops.POINTER,
          NativeLoops.POINTER,
          NativeLoops.LONG);
  private static final MethodHandle CRITICAL = NativeLoops.critical(UPLOAD, TYPE, true);
  private static final MethodHandle LOOP =
      NativeLoops.loop(
          "azb_upload",
          FunctionDescriptor.of(
              NativeLoops.INT,
              NativeLoops.LONG,
              NativeLoops.POINTER,
              NativeLoops.POINTER,
              NativeLoops.POINTER,
              NativeLoops.POINTER,
              NativeLoops.LONG));

  /** Floats that are copied: 4 KiB and 1 MiB. */
  @Param({"1024", "262144"})
  public int count = 1024;

  private Device device;
  private Stream stream;
  private DeviceBuffer memory;
  private Tensor target;
  private MemorySegment targetMemory;
  private Arena arena;
  private MemorySegment source;
  private float[] array;
  private MemorySegment arraySegment;
  private FloatPointer pointer;

  /** Makes source and target. */
  @Setup
  public void open() {
    device = Device.cpu(1);
    stream = device.stream();
    memory = device.allocateFloats("target", count);
    target = memory.floats();
    targetMemory = target.hostView();
    arena = Arena.ofConfined();
    array = new float[count];
    Arrays.fill(array, VALUE);
    source = arena.allocateFrom(NativeLoops.FLOAT, array);
    arraySegment = MemorySegment.ofArray(array);
    pointer = new FloatPointer(count);
  }

  /** Gives everything back. */
  @TearDown
  public void close() {
    memory.close();
    device.close();
    arena.close();
    pointer.close();
  }

  /** What the target holds, for the test that everybody copies. */
  float[] copied() {
    return target.toArray(stream);
  }

  /** What JavaCPP's target holds. */
  float[] copiedByJavaCpp() {
    float[] values = new float[count];
    pointer.get(values);
    return values;
  }

  /** azj_upload() from C. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public void c() {
    try {
      int status =
          (int)
              LOOP.invokeExact(
                  (long) CALLS, UPLOAD, stream.handle(), targetMemory, source, target.bytes());
      NativeLoops.check(status);
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }

  /** azj_upload() by our generated bindings. */
  @Benchmark
  public int bindings() {
    return azulejo_h.azj_upload(stream.handle(), targetMemory, source, target.bytes());
  }

  /** azj_upload() of the array where it lies, as a critical call. */
  @Benchmark
  public int arrayCritical() {
    try {
      return (int)
          CRITICAL.invokeExact(stream.handle(), targetMemory, arraySegment, target.bytes());
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }

  /** azj_upload() as the operation of core, with all its checks. */
  @Benchmark
  public void core() {
    target.upload(stream, source);
  }

  /** Core's upload of an array, through a piece of off-heap memory. */
  @Benchmark
  public void coreArray() {
    target.upload(stream, array);
  }

  /** JavaCPP's copy of an array, through JNI. */
  @Benchmark
  public void arrayJni() {
    pointer.put(array);
  }
}

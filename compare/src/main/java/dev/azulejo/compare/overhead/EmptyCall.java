package dev.azulejo.compare.overhead;

import dev.azulejo.bindings.azulejo.azulejo_h;
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
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A call that does nothing: azj_abi_version(), which returns a number, from C and through FFM; and
 * cblas_isamax() of no numbers, which OpenBLAS answers at once, also through JNI.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class EmptyCall {
  /** Calls of one invocation of {@link #c} and {@link #blasC}. */
  public static final int CALLS = 1000;

  // Static and final, as the generated bindings have them: only then can the JIT compile the call.
  private static final MemorySegment VERSION = NativeLoops.address("azj_abi_version");
  private static final MethodHandle CRITICAL =
      NativeLoops.critical(VERSION, FunctionDescriptor.of(NativeLoops.INT), false);
  private static final MethodHandle LOOP =
      NativeLoops.loop(
          "azb_empty",
          FunctionDescriptor.of(NativeLoops.INT, NativeLoops.LONG, NativeLoops.POINTER));

  private static final MemorySegment ISAMAX = isamax();
  private static final FunctionDescriptor ISAMAX_TYPE =
      FunctionDescriptor.of(
          NativeLoops.LONG, NativeLoops.INT, NativeLoops.POINTER, NativeLoops.INT);
  private static final MethodHandle ISAMAX_CALL = NativeLoops.call(ISAMAX, ISAMAX_TYPE);
  private static final MethodHandle ISAMAX_CRITICAL =
      NativeLoops.critical(ISAMAX, ISAMAX_TYPE, false);
  private static final MethodHandle ISAMAX_LOOP =
      NativeLoops.loop(
          "azb_isamax",
          FunctionDescriptor.of(NativeLoops.LONG, NativeLoops.LONG, NativeLoops.POINTER));

  private static MemorySegment isamax() {
    Loader.load(openblas_nolapack.class);
    return NativeLoops.address("cblas_isamax");
  }

  /** azj_abi_version() from C. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public int c() {
    try {
      return (int) LOOP.invokeExact((long) CALLS, VERSION);
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }

  /** azj_abi_version() through FFM, as a critical call. */
  @Benchmark
  public int ffmCritical() {
    try {
      return (int) CRITICAL.invokeExact();
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }

  /** cblas_isamax() from C. */
  @Benchmark
  @OperationsPerInvocation(CALLS)
  public long blasC() {
    try {
      return (long) ISAMAX_LOOP.invokeExact((long) CALLS, ISAMAX);
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }

  /** cblas_isamax() through FFM. */
  @Benchmark
  public long blasFfm() {
    try {
      return (long) ISAMAX_CALL.invokeExact(0, MemorySegment.NULL, 1);
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }

  /** cblas_isamax() through FFM, as a critical call. */
  @Benchmark
  public long blasCritical() {
    try {
      return (long) ISAMAX_CRITICAL.invokeExact(0, MemorySegment.NULL, 1);
    } catch (Throwable e) {
      throw NativeLoops.unexpected(e);
    }
  }

  /** azj_abi_version() through FFM, by our generated bindings. */
  @Benchmark
  public int bindings() {
    return azulejo_h.azj_abi_version();
  }

  /** cblas_isamax() through JNI. */
  @Benchmark
  public long blasJni() {
    return openblas_nolapack.cblas_isamax(0, (FloatPointer) null, 1);
  }
}

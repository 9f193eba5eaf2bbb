/**
 * The operations, one class a family, one static method per native function and of the same name.
 *
 * <p>Each method checks its arguments (stream of this thread; tensors open, on the stream's device,
 * of the right type, large enough, not overlapping where they may not), calls the native function,
 * and turns its status into an exception. Where that succeeds it allocates no Java object: these
 * methods run in every training step.
 *
 * <p>Shapes are said by problems: {@link dev.azulejo.ops.Conv2dProblem}, {@link
 * dev.azulejo.ops.Pool2dProblem}, {@link dev.azulejo.ops.DenseProblem}, {@link
 * dev.azulejo.ops.GemmProblem}, {@link dev.azulejo.ops.GatherProblem}. A problem owns the C struct
 * it describes, in memory that the garbage collector frees; it is immutable but for its batch, so
 * that a shorter last mini-batch needs no second problem, and is used by one thread at a time.
 *
 * <p>Unless a method says otherwise: float32, dense, row-major, images NCHW; a tensor may be larger
 * than needed, its first elements are used; outputs do not overlap inputs; {@link
 * java.lang.NullPointerException}, {@link java.lang.IllegalArgumentException} and {@link
 * java.lang.IllegalStateException} as in {@link dev.azulejo.device}, and {@link
 * dev.azulejo.device.AzulejoException} for what the native library refuses.
 */
package dev.azulejo.ops;

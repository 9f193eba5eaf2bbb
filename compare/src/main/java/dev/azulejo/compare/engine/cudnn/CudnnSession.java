package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.compare.engine.VendorArguments;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.engine.ConvolutionPlan;
import dev.azulejo.engine.DensePlan;
import dev.azulejo.engine.EngineSession;
import dev.azulejo.engine.Precision;
import dev.azulejo.ops.Conv2dProblem;
import dev.azulejo.ops.DenseProblem;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A handle of cuDNN on one stream, its plans and the workspace that they share. */
final class CudnnSession implements EngineSession {
  static final String OWNER = "cudnn";

  private final Cudnn cudnn;
  private final Stream stream;
  private final Precision precision;
  private final boolean training;
  private final PassTimer timer;
  private final EngineSession dense;
  private final CudnnHandles handles;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1f);
  private final MemorySegment zero = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0f);
  private final MemorySegment handle;
  private MemorySegment workspace = MemorySegment.NULL;
  private long workspaceBytes;
  private long bytes;
  private boolean open = true;

  /**
   * A session.
   *
   * @param nativeStream the CUstream behind the stream
   * @param dense makes the dense layers; closed with this session
   */
  CudnnSession(
      CudnnApi api,
      Stream stream,
      MemorySegment nativeStream,
      Precision precision,
      boolean training,
      PassTimer timer,
      EngineSession dense) {
    this.cudnn = new Cudnn(api);
    this.stream = stream;
    this.precision = precision;
    this.training = training;
    this.timer = timer;
    this.dense = dense;
    handles = new CudnnHandles(cudnn);
    handles.own(dense::close);
    try {
      handle = handles.own("cudnnCreate", api::create, api::destroy);
      cudnn.check(api.setStream(handle, nativeStream), "cudnnSetStream", "");
    } catch (RuntimeException | Error e) {
      handles.close();
      throw e;
    }
  }

  @Override
  public ConvolutionPlan convolution(Conv2dProblem problem) {
    return new CudnnConvolution(this, problem);
  }

  @Override
  public DensePlan dense(DenseProblem problem) {
    return dense.dense(problem);
  }

  @Override
  public long bytes() {
    return bytes + dense.bytes();
  }

  @Override
  public void close() {
    if (!open) {
      return;
    }
    open = false;
    try {
      stream.synchronize();
    } finally {
      handles.close();
      bytes = 0;
    }
  }

  Cudnn cudnn() {
    return cudnn;
  }

  Stream stream() {
    return stream;
  }

  Precision precision() {
    return precision;
  }

  boolean training() {
    return training;
  }

  PassTimer timer() {
    return timer;
  }

  /** Owns what lives as long as the session. */
  CudnnHandles handles() {
    return handles;
  }

  MemorySegment handle() {
    return handle;
  }

  /** The float 1, in host memory, where cuDNN reads alpha and beta. */
  MemorySegment one() {
    return one;
  }

  /** The float 0, in host memory. */
  MemorySegment zero() {
    return zero;
  }

  /** The workspace that all passes use one after another. */
  MemorySegment workspace() {
    return workspace;
  }

  /** Bytes that a workspace may have: half of what is free. */
  long spareBytes() {
    return stream.device().info().freeBytes() / 2;
  }

  /**
   * Makes the workspace at least so large. A smaller one stays until the end, as a recorded graph
   * may hold its address.
   *
   * @throws dev.azulejo.device.OutOfDeviceMemoryException if the device has not that much
   */
  void reserve(long needed) {
    if (needed > workspaceBytes) {
      workspace = buffer(needed);
      workspaceBytes = needed;
    }
  }

  /** Memory that lives as long as the session. */
  MemorySegment buffer(long size) {
    return VendorArguments.memory(stream, owned(size));
  }

  /** The same, as a buffer. */
  DeviceBuffer owned(long size) {
    DeviceBuffer buffer = stream.device().allocate(OWNER, VendorArguments.wholeElements(size));
    handles.own(buffer::close);
    bytes += buffer.bytes();
    return buffer;
  }
}

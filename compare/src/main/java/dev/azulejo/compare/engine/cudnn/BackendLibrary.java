package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnn_h;
import java.lang.foreign.MemorySegment;

/** The graph API of the cuDNN that {@link dev.azulejo.bindings.VendorLibrary#CUDNN} loaded. */
class BackendLibrary implements BackendApi {
  @Override
  public int backendCreateDescriptor(int type, MemorySegment out) {
    return cudnn_h.cudnnBackendCreateDescriptor(type, out);
  }

  @Override
  public int backendDestroyDescriptor(MemorySegment descriptor) {
    return cudnn_h.cudnnBackendDestroyDescriptor(descriptor);
  }

  @Override
  public int backendSetAttribute(
      MemorySegment descriptor, int attribute, int type, long count, MemorySegment values) {
    return cudnn_h.cudnnBackendSetAttribute(descriptor, attribute, type, count, values);
  }

  @Override
  public int backendGetAttribute(
      MemorySegment descriptor,
      int attribute,
      int type,
      long requested,
      MemorySegment count,
      MemorySegment values) {
    return cudnn_h.cudnnBackendGetAttribute(descriptor, attribute, type, requested, count, values);
  }

  @Override
  public int backendFinalize(MemorySegment descriptor) {
    return cudnn_h.cudnnBackendFinalize(descriptor);
  }

  @Override
  public int backendExecute(MemorySegment handle, MemorySegment plan, MemorySegment pack) {
    return cudnn_h.cudnnBackendExecute(handle, plan, pack);
  }
}

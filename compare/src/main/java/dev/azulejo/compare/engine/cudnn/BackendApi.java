package dev.azulejo.compare.engine.cudnn;

import java.lang.foreign.MemorySegment;

/**
 * The functions of cuDNN's graph ("backend") API, as the C header has them; all return a {@code
 * cudnnStatus_t}.
 */
interface BackendApi {
  int backendCreateDescriptor(int type, MemorySegment out);

  int backendDestroyDescriptor(MemorySegment descriptor);

  int backendSetAttribute(
      MemorySegment descriptor, int attribute, int type, long count, MemorySegment values);

  int backendGetAttribute(
      MemorySegment descriptor,
      int attribute,
      int type,
      long requested,
      MemorySegment count,
      MemorySegment values);

  int backendFinalize(MemorySegment descriptor);

  int backendExecute(MemorySegment handle, MemorySegment plan, MemorySegment pack);
}

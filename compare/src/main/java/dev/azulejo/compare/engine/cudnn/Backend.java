package dev.azulejo.compare.engine.cudnn;

import dev.azulejo.bindings.cudnn.cudnn_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A descriptor of the graph API: attributes are set one after another, each an array of values of
 * one type, and then it is finalized.
 */
final class Backend {
  private final Cudnn cudnn;
  private final String name;
  private final MemorySegment descriptor;

  private Backend(Cudnn cudnn, String name, MemorySegment descriptor) {
    this.cudnn = cudnn;
    this.name = name;
    this.descriptor = descriptor;
  }

  /**
   * A new descriptor, which the owner destroys.
   *
   * @param type {@code CUDNN_BACKEND_..._DESCRIPTOR}
   * @param name what it is, for messages
   */
  static Backend create(CudnnHandles owner, int type, String name) {
    Cudnn cudnn = owner.cudnn();
    MemorySegment made =
        owner.own(
            "cudnnBackendCreateDescriptor",
            out -> cudnn.api().backendCreateDescriptor(type, out),
            cudnn.api()::backendDestroyDescriptor);
    return new Backend(cudnn, name, made);
  }

  Backend set(int attribute, long... values) {
    try (Arena arena = Arena.ofConfined()) {
      return set(
          attribute,
          cudnn_h.CUDNN_TYPE_INT64(),
          values.length,
          arena.allocateFrom(ValueLayout.JAVA_LONG, values));
    }
  }

  /**
   * Sets an enumeration.
   *
   * @param type {@code CUDNN_TYPE_...} of the enumeration
   */
  Backend setEnum(int attribute, int type, int value) {
    try (Arena arena = Arena.ofConfined()) {
      return set(attribute, type, 1, arena.allocateFrom(ValueLayout.JAVA_INT, value));
    }
  }

  Backend setFloat(int attribute, float value) {
    try (Arena arena = Arena.ofConfined()) {
      return set(
          attribute,
          cudnn_h.CUDNN_TYPE_FLOAT(),
          1,
          arena.allocateFrom(ValueLayout.JAVA_FLOAT, value));
    }
  }

  Backend set(int attribute, Backend... values) {
    MemorySegment[] pointers = new MemorySegment[values.length];
    for (int i = 0; i < values.length; i++) {
      pointers[i] = values[i].descriptor;
    }
    return setPointers(attribute, cudnn_h.CUDNN_TYPE_BACKEND_DESCRIPTOR(), pointers);
  }

  /**
   * Sets pointers: a handle, or device memory.
   *
   * @param type {@code CUDNN_TYPE_HANDLE}, {@code CUDNN_TYPE_VOID_PTR} or {@code
   *     CUDNN_TYPE_BACKEND_DESCRIPTOR}
   */
  Backend setPointers(int attribute, int type, MemorySegment... values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocate(cudnn_h.C_POINTER, values.length);
      for (int i = 0; i < values.length; i++) {
        array.setAtIndex(cudnn_h.C_POINTER, i, values[i]);
      }
      return set(attribute, type, values.length, array);
    }
  }

  /** Finalizes it; a failure is an exception. */
  Backend complete() {
    cudnn.check(cudnn.api().backendFinalize(descriptor), "cudnnBackendFinalize", name);
    return this;
  }

  /** Finalizes it; whether that went well, for a plan that its engine may refuse. */
  boolean completes() {
    return cudnn.api().backendFinalize(descriptor) == Cudnn.SUCCESS;
  }

  long getLong(int attribute) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
      get(attribute, cudnn_h.CUDNN_TYPE_INT64(), 1, value);
      return value.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  /** The values of an enumeration, at most so many. */
  int[] getEnums(int attribute, int type, int most) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(ValueLayout.JAVA_INT, most);
      int count = Math.toIntExact(Math.min(most, get(attribute, type, most, values)));
      return values.asSlice(0, (long) count * Integer.BYTES).toArray(ValueLayout.JAVA_INT);
    }
  }

  /**
   * Fills descriptors that were created for it and not finalized.
   *
   * @return how many were filled
   */
  int getDescriptors(int attribute, Backend... into) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocate(cudnn_h.C_POINTER, into.length);
      for (int i = 0; i < into.length; i++) {
        array.setAtIndex(cudnn_h.C_POINTER, i, into[i].descriptor);
      }
      long count = get(attribute, cudnn_h.CUDNN_TYPE_BACKEND_DESCRIPTOR(), into.length, array);
      return Math.toIntExact(Math.min(into.length, count));
    }
  }

  MemorySegment descriptor() {
    return descriptor;
  }

  private Backend set(int attribute, int type, long count, MemorySegment values) {
    cudnn.check(
        cudnn.api().backendSetAttribute(descriptor, attribute, type, count, values),
        "cudnnBackendSetAttribute",
        name + ", attribute " + attribute);
    return this;
  }

  private long get(int attribute, int type, long requested, MemorySegment values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
      cudnn.check(
          cudnn.api().backendGetAttribute(descriptor, attribute, type, requested, count, values),
          "cudnnBackendGetAttribute",
          name + ", attribute " + attribute);
      return count.get(ValueLayout.JAVA_LONG, 0);
    }
  }
}

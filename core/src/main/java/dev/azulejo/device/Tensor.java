package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azulejo_h;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A flat, typed view of device memory, what operations read and write. It does not own the memory:
 * it ends with its {@link DeviceBuffer}. What the elements mean (NCHW and so on) is said by the
 * descriptor of the operation.
 *
 * <p>Immutable; any thread may hold it. Its contents are read and written through a {@link Stream}.
 */
public final class Tensor {
  private final DeviceBuffer buffer;
  private final ElementType type;
  private final long offset;
  private final long count;
  private final MemorySegment segment;

  Tensor(DeviceBuffer buffer, ElementType type, long offset, long count) {
    Sizes.atLeast(1, count, "elements of a tensor");
    if (offset < 0 || offset > buffer.bytes() / type.bytes() - count) {
      throw TensorMisuse.outside(buffer, type, offset, count);
    }
    this.buffer = buffer;
    this.type = type;
    this.offset = offset;
    this.count = count;
    this.segment = buffer.segmentAt(offset * type.bytes(), count * type.bytes());
  }

  /** How many elements it has. */
  public long count() {
    return count;
  }

  /** Its bytes. */
  public long bytes() {
    return count * type.bytes();
  }

  /** What its elements are. */
  public ElementType type() {
    return type;
  }

  /** The device whose memory it views. */
  public Device device() {
    return buffer.device();
  }

  /**
   * A part of it.
   *
   * @param from the first element
   * @param length how many, at least 1
   * @throws IndexOutOfBoundsException where the part is not inside
   */
  public Tensor slice(long from, long length) {
    Sizes.atLeast(1, length, "elements of a tensor");
    if (from < 0 || from > count - length) {
      throw new IndexOutOfBoundsException(
          "elements " + from + " to " + from + " + " + length + " are not inside " + this);
    }
    return new Tensor(buffer, type, offset + from, length);
  }

  /**
   * The memory as an operation's argument; checks all that can be checked and allocates nothing.
   *
   * @param stream the stream that will run the operation
   * @param needed the type that it needs
   * @param atLeast how many elements it needs
   * @param name the argument's name, for the message
   * @throws IllegalArgumentException where type, count or device do not fit
   * @throws IllegalStateException where the buffer is closed
   */
  public MemorySegment argument(Stream stream, ElementType needed, long atLeast, String name) {
    if (type != needed
        || count < atLeast
        || buffer.device() != stream.device()
        || !buffer.isOpen()) {
      throw TensorMisuse.of(this, stream, needed, atLeast, name);
    }
    return segment;
  }

  void checkOpen() {
    buffer.checkOpen();
  }

  /** Whether the first elements of two tensors share memory. */
  public boolean overlaps(long elements, Tensor other, long otherElements) {
    long from = begin();
    long otherFrom = other.begin();
    return buffer == other.buffer
        && from < otherFrom + otherElements * other.type.bytes()
        && otherFrom < from + elements * type.bytes();
  }

  /** Whether two tensors begin at the same byte of the same buffer. */
  public boolean startsWith(Tensor other) {
    return buffer == other.buffer && begin() == other.begin();
  }

  /**
   * The memory, for the host to read and write, where the device is the host.
   *
   * @throws IllegalStateException where it is not, or where the buffer is closed
   */
  public MemorySegment hostView() {
    buffer.checkOpen();
    if (!device().isHost()) {
      throw new IllegalStateException(
          this + " lies in memory that the host cannot reach; use upload and download");
    }
    return segment;
  }

  /**
   * Copies off-heap host memory of exactly this size to the device; see {@link #upload(Stream,
   * long, MemorySegment)}.
   */
  public void upload(Stream stream, MemorySegment source) {
    Objects.requireNonNull(source, "source");
    HostCopy.checkSize(this, source.byteSize(), "source");
    upload(stream, count, source);
  }

  /**
   * Copies the first elements of off-heap host memory to the first of this tensor. The source may
   * be reused at once. Allocates nothing.
   *
   * @param elements how many, at most {@link #count}
   * @throws IllegalArgumentException where the source is on the heap or too small
   */
  public void upload(Stream stream, long elements, MemorySegment source) {
    upload(stream, elements, source, 0);
  }

  /**
   * As {@link #upload(Stream, long, MemorySegment)}, of a part of the source.
   *
   * @param from where the part begins in the source, in elements
   */
  public void upload(Stream stream, long elements, MemorySegment source, long from) {
    HostCopy.upload(stream, this, elements, source, from);
  }

  /**
   * As {@link #upload(Stream, long, MemorySegment)}, without waiting: the buffer's first elements
   * must not be changed until the stream has come this far ({@link Event#synchronize}). Recorded in
   * a {@link Graph}, the copy is made anew in every run.
   */
  public void uploadAsync(Stream stream, long elements, HostBuffer source) {
    uploadAsync(stream, elements, source, source.segment());
  }

  /**
   * As {@link #uploadAsync(Stream, long, HostBuffer)}, of a part of the buffer.
   *
   * @param part a slice of the buffer's segment; what is copied begins there
   */
  public void uploadAsync(Stream stream, long elements, HostBuffer source, MemorySegment part) {
    HostCopy.uploadAsync(stream, this, elements, source, part);
  }

  /**
   * As {@link #download(Stream, long, MemorySegment)}, without waiting: the buffer holds the data
   * once the stream has come this far ({@link Event#synchronize}, {@link Stream#synchronize}).
   */
  public void downloadAsync(Stream stream, long elements, HostBuffer target) {
    HostCopy.downloadAsync(stream, this, elements, target);
  }

  /** Copies off the device to off-heap host memory of exactly this size. */
  public void download(Stream stream, MemorySegment target) {
    Objects.requireNonNull(target, "target");
    HostCopy.checkSize(this, target.byteSize(), "target");
    download(stream, count, target);
  }

  /**
   * Copies the first elements of this tensor to off-heap host memory, after the operations called
   * before. Allocates nothing.
   *
   * @param elements how many, at most {@link #count}
   */
  public void download(Stream stream, long elements, MemorySegment target) {
    HostCopy.download(stream, this, elements, target);
  }

  /** Copies an array of exactly this many floats to the device. */
  public void upload(Stream stream, float[] values) {
    Objects.requireNonNull(values, "values");
    HostCopy.upload(stream, this, ElementType.F32, MemorySegment.ofArray(values));
  }

  /** Copies an array of exactly this many integers to the device. */
  public void upload(Stream stream, int[] values) {
    Objects.requireNonNull(values, "values");
    HostCopy.upload(stream, this, ElementType.I32, MemorySegment.ofArray(values));
  }

  /** Copies an array of exactly this many bytes to the device. */
  public void upload(Stream stream, byte[] values) {
    Objects.requireNonNull(values, "values");
    HostCopy.upload(stream, this, ElementType.U8, MemorySegment.ofArray(values));
  }

  /** Copies an array of the bits of exactly this many BF16 numbers to the device. */
  public void upload(Stream stream, short[] values) {
    Objects.requireNonNull(values, "values");
    HostCopy.upload(stream, this, ElementType.BF16, MemorySegment.ofArray(values));
  }

  /** Copies an array of exactly this many longs to the device. */
  public void upload(Stream stream, long[] values) {
    Objects.requireNonNull(values, "values");
    HostCopy.upload(stream, this, ElementType.I64, MemorySegment.ofArray(values));
  }

  /** Copies to an array of exactly this many floats. */
  public void download(Stream stream, float[] values) {
    Objects.requireNonNull(values, "values");
    HostCopy.download(stream, this, ElementType.F32, MemorySegment.ofArray(values));
  }

  /** Copies to an array of exactly this many integers. */
  public void download(Stream stream, int[] values) {
    Objects.requireNonNull(values, "values");
    HostCopy.download(stream, this, ElementType.I32, MemorySegment.ofArray(values));
  }

  /** The contents of a tensor of floats. */
  public float[] toArray(Stream stream) {
    float[] values = new float[Math.toIntExact(count)];
    download(stream, values);
    return values;
  }

  /** The contents of a tensor of integers. */
  public int[] toIntArray(Stream stream) {
    int[] values = new int[Math.toIntExact(count)];
    download(stream, values);
    return values;
  }

  /** The bits of a tensor of BF16. */
  public short[] toShortArray(Stream stream) {
    short[] values = new short[Math.toIntExact(count)];
    HostCopy.download(stream, this, ElementType.BF16, MemorySegment.ofArray(values));
    return values;
  }

  /** The contents of a tensor of bytes. */
  public byte[] toByteArray(Stream stream) {
    byte[] values = new byte[Math.toIntExact(count)];
    HostCopy.download(stream, this, ElementType.U8, MemorySegment.ofArray(values));
    return values;
  }

  /**
   * Copies the first elements of another tensor of the same device and type to the first of this
   * one. The two may not overlap. Allocates nothing.
   */
  public void copyFrom(Stream stream, Tensor source, long elements) {
    Objects.requireNonNull(stream, "stream");
    Objects.requireNonNull(source, "source");
    Sizes.atLeast(1, elements, "elements");
    MemorySegment to = argument(stream, type, elements, "target");
    MemorySegment from = source.argument(stream, type, elements, "source");
    if (overlaps(elements, source, elements)) {
      throw new IllegalArgumentException("source " + source + " overlaps target " + this);
    }
    NativeCall.check(
        azulejo_h.azj_copy(stream.handle(), to, from, elements * type.bytes()), "azj_copy");
  }

  /** The memory from a byte on; what lies behind it is bounded by the caller. */
  MemorySegment from(long at) {
    return buffer.segmentAt(begin() + at, bytes() - at);
  }

  /**
   * The tensor in words, such as "F32 tensor of 10 elements at 0 in buffer 'x' (40 bytes) of device
   * CPU 0".
   */
  @Override
  public String toString() {
    return type + " tensor of " + count + " elements at " + offset + " in " + buffer;
  }

  /** Where it begins in its buffer, in bytes. */
  private long begin() {
    return offset * type.bytes();
  }
}

package dev.azulejo.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * A file on a disk that becomes full: after some bytes, writing fails as the operating system would
 * have it.
 */
final class FailingChannel extends FileChannel {

  private final FileChannel file;
  private final boolean failsWhenForced;
  private long room;

  private FailingChannel(FileChannel file, long room, boolean failsWhenForced) {
    this.file = file;
    this.room = room;
    this.failsWhenForced = failsWhenForced;
  }

  /** There is room for so many bytes. */
  static FailingChannel full(FileChannel file, long room) {
    return new FailingChannel(file, room, false);
  }

  /**
   * Everything can be written, and then cannot be forced to the disk, as on a network file system
   * over its quota.
   */
  static FailingChannel lost(FileChannel file) {
    return new FailingChannel(file, Long.MAX_VALUE, true);
  }

  @Override
  public int write(ByteBuffer source) throws IOException {
    if (room == 0) {
      throw new IOException("No space left on device");
    }
    // What still fits is written, like the operating system does it.
    int some = (int) Math.min(room, source.remaining());
    int written = file.write(source.slice(source.position(), some));
    source.position(source.position() + written);
    room -= written;
    return written;
  }

  @Override
  public void force(boolean metaData) throws IOException {
    if (failsWhenForced) {
      throw new IOException("Disk quota exceeded");
    }
    file.force(metaData);
  }

  @Override
  protected void implCloseChannel() throws IOException {
    file.close();
  }

  // Writing a checkpoint uses none of the others; they do what the file does.

  @Override
  public int read(ByteBuffer target) throws IOException {
    return file.read(target);
  }

  @Override
  public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
    return file.read(targets, offset, length);
  }

  @Override
  public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
    return file.write(sources, offset, length);
  }

  @Override
  public long position() throws IOException {
    return file.position();
  }

  @Override
  public FileChannel position(long position) throws IOException {
    return file.position(position);
  }

  @Override
  public long size() throws IOException {
    return file.size();
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    return file.truncate(size);
  }

  @Override
  public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
    return file.transferTo(position, count, target);
  }

  @Override
  public long transferFrom(ReadableByteChannel source, long position, long count)
      throws IOException {
    return file.transferFrom(source, position, count);
  }

  @Override
  public int read(ByteBuffer target, long position) throws IOException {
    return file.read(target, position);
  }

  @Override
  public int write(ByteBuffer source, long position) throws IOException {
    return file.write(source, position);
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
    return file.map(mode, position, size);
  }

  @Override
  public FileLock lock(long position, long size, boolean shared) throws IOException {
    return file.lock(position, size, shared);
  }

  @Override
  public FileLock tryLock(long position, long size, boolean shared) throws IOException {
    return file.tryLock(position, size, shared);
  }
}

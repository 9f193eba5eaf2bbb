package dev.azulejo.device;

/** An allocation that somebody owns and a {@link MemoryReport} shows. */
sealed interface Holding extends AutoCloseable permits DeviceBuffer, HostBuffer {

  /** Its size. */
  long bytes();

  /** Whose memory it is, as the report names it. */
  String reportedOwner();

  @Override
  void close();
}

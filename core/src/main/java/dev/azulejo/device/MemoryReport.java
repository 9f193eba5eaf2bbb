package dev.azulejo.device;

import java.util.List;

/**
 * The memory of a device that is allocated, by owner, largest first.
 *
 * @param liveBytes bytes of device memory now allocated
 * @param peakBytes the most of them there ever were at once
 * @param hostBytes bytes of {@link HostBuffer}s now allocated
 * @param owners who has them
 */
public record MemoryReport(long liveBytes, long peakBytes, long hostBytes, List<Owner> owners) {
  /**
   * What one owner has.
   *
   * @param name the name given to {@link Device#allocate}, or {@link Device#allocateHost} and then
   *     marked as host memory
   * @param bytes its bytes
   * @param buffers in how many buffers
   */
  public record Owner(String name, long bytes, int buffers) {
    @Override
    public String toString() {
      return "'"
          + name
          + "': "
          + bytes
          + " bytes in "
          + buffers
          + (buffers == 1 ? " buffer" : " buffers");
    }
  }

  /** The report, one owner a line. */
  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder("live " + liveBytes + " bytes, peak " + peakBytes + " bytes");
    if (hostBytes > 0) {
      text.append(", host memory ").append(hostBytes).append(" bytes");
    }
    for (Owner owner : owners) {
      text.append(System.lineSeparator()).append("  ").append(owner);
    }
    return text.toString();
  }
}

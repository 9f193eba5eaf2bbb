package dev.azulejo.device;

import java.util.List;

/**
 * The memory of a device that is allocated, by owner, largest first.
 *
 * @param liveBytes bytes now allocated
 * @param peakBytes the most there ever were at once
 * @param owners who has them
 */
public record MemoryReport(long liveBytes, long peakBytes, List<Owner> owners) {
  /**
   * What one owner has.
   *
   * @param name the name given to {@link Device#allocate}
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
    for (Owner owner : owners) {
      text.append(System.lineSeparator()).append("  ").append(owner);
    }
    return text.toString();
  }
}

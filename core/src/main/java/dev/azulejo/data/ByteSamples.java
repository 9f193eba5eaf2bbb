package dev.azulejo.data;

/** A data set whose samples may be bytes, 0 to 255, in memory. */
interface ByteSamples extends Dataset {

  /** Whether they are. */
  boolean hasBytes();

  /** Copies a sample's bytes, channel by channel, row by row. */
  void readBytes(int index, byte[] target, int offset);

  /** Whether a data set's samples are bytes in memory. */
  static boolean has(Dataset data) {
    return data instanceof ByteSamples samples && samples.hasBytes();
  }
}

package dev.azulejo.compare.measure;

/** The time of the host. */
record HostClock() implements Clock {
  private static final double NANOS = 1e9;

  @Override
  public double seconds(Runnable work) {
    long begin = System.nanoTime();
    work.run();
    return (System.nanoTime() - begin) / NANOS;
  }

  @Override
  public String toString() {
    return "host, around the runs of a sample";
  }
}

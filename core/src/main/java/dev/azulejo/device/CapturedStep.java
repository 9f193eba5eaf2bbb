package dev.azulejo.device;

/**
 * Work of a stream that is called out the first time, when AUTO algorithms are chosen, recorded the
 * second time, and from then on run by one native call. Belongs to its stream's thread.
 */
public final class CapturedStep implements AutoCloseable {
  private final Stream stream;
  private final Runnable operations;
  private final boolean recorded;
  private boolean called;
  private Graph graph;
  private long workspaceBytes; // when it was recorded

  /**
   * A step.
   *
   * @param operations calls the step's operations
   * @param recorded false to call them out each time
   */
  public CapturedStep(Stream stream, Runnable operations, boolean recorded) {
    this.stream = stream;
    this.operations = operations;
    this.recorded = recorded;
  }

  /**
   * Gives the step to the stream. What it allocates, it does in the first two calls, and in the two
   * after the stream's workspace has grown.
   */
  public void run() {
    if (graph != null && workspaceBytes != stream.workspace().bytes()) {
      // Somebody has made the workspace larger, and the graph holds the address of the old one.
      close();
    }
    if (graph != null) {
      graph.launch();
    } else if (called && recorded) {
      graph = stream.capture(operations);
      workspaceBytes = stream.workspace().bytes();
      graph.launch();
    } else {
      operations.run();
      called = true;
    }
  }

  /** Whether it is recorded in its second run. */
  public boolean isRecording() {
    return recorded;
  }

  /** Closes the recording, and so waits for the stream's work; may be run again. */
  @Override
  public void close() {
    if (graph != null) {
      graph.close();
      graph = null;
    }
  }
}

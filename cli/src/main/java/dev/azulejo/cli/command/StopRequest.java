package dev.azulejo.cli.command;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C (SIGINT) and SIGTERM while something runs that wants to end in an orderly way: it asks
 * {@link #isRequested} now and then, ends, and closes this; only then does the process end.
 *
 * <p>A shutdown hook, so the process's exit code is what signals give: 130 and 143.
 */
final class StopRequest implements AutoCloseable {
  /** The exit code after Ctrl-C, as shells count: 128 + SIGINT. */
  static final int EXIT_CODE = 130;

  /** Longer than any step and the writing of any checkpoint; then the process ends all the same. */
  private static final long PATIENCE_SECONDS = 120;

  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook = new Thread(this::request, "azulejo-stop");
  private volatile boolean requested;

  StopRequest() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  boolean isRequested() {
    return requested;
  }

  @Override
  public void close() {
    finished.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The shutdown is under way, which is what this waited for.
    }
  }

  private void request() {
    requested = true;
    try {
      finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

package dev.azulejo.compare.training;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;

/**
 * PyTorch in this process, through DJL. Its libraries come from the jars of the class path: nothing
 * is downloaded when it runs, and nobody is told about it.
 */
final class Torch {
  private static final String NAME = "PyTorch";

  private static Engine engine;

  private Torch() {}

  /**
   * Loads PyTorch with so many threads, which cannot be changed afterwards.
   *
   * @throws IllegalArgumentException if it does not load here; the message says why
   */
  static synchronized void load(int threads) {
    if (engine != null) {
      return;
    }
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
    System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
    try {
      engine = Engine.getEngine(NAME);
    } catch (RuntimeException | LinkageError e) {
      throw new IllegalArgumentException(
          "PyTorch cannot be loaded: "
              + e
              + "; its jars, ai.djl.pytorch:pytorch-native-cpu and pytorch-jni, exist for"
              + " linux-x86_64; --against none compares without it",
          e);
    }
  }

  static Engine engine() {
    return engine;
  }

  static String version() {
    return "PyTorch " + engine.getVersion();
  }

  static NDManager newManager() {
    return NDManager.newBaseManager(Device.cpu(), NAME);
  }
}

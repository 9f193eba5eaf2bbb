package dev.azulejo.compare.engine.cudnn;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.ToIntFunction;

/** Owns what cuDNN made, and destroys it in the reverse order. */
final class CudnnHandles implements AutoCloseable {
  private final Cudnn cudnn;
  private final Deque<Runnable> closers = new ArrayDeque<>();

  CudnnHandles(Cudnn cudnn) {
    this.cudnn = cudnn;
  }

  Cudnn cudnn() {
    return cudnn;
  }

  MemorySegment own(String function, Cudnn.Maker maker, ToIntFunction<MemorySegment> destroy) {
    MemorySegment made = cudnn.make(function, maker);
    closers.push(() -> cudnn.check(destroy.applyAsInt(made), "destroy after " + function, ""));
    return made;
  }

  /** Something else that ends with it. */
  void own(Runnable closer) {
    closers.push(closer);
  }

  @Override
  public void close() {
    while (!closers.isEmpty()) {
      closers.pop().run();
    }
  }
}

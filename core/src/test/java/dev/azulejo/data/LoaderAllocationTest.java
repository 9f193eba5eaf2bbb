package dev.azulejo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The training step makes no Java garbage, and neither does the thread that prepares its batches.
 */
@Timeout(60)
class LoaderAllocationTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** What a training step does with batches; returns something that depends on all of it. */
  private static long drain(Loader loader) {
    long samples = 0;
    for (Batch batch; (batch = loader.next()) != null; loader.release(batch)) {
      long images = batch.images().byteSize() / (4 * 28 * 28);
      long labels = batch.labels().byteSize() / 4;
      if (images != batch.count() || labels != batch.count() || batch.index(0) < 0) {
        throw new AssertionError("a batch contradicts itself");
      }
      samples += images;
    }
    return samples;
  }

  private static void warmUp(Loader loader) {
    for (int epoch = 0; epoch < 30; epoch++) { // until everything is loaded and compiled
      loader.start(epoch);
      assertEquals(1000, drain(loader));
    }
  }

  private static Thread producer() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("azulejo-loader"))
        .findFirst()
        .orElseThrow();
  }

  private static Loader loader(int prefetch) {
    Dataset data = Glyphs.generate(1000, new Shape(1, 28, 28), 1);
    Transform augment =
        Transform.chain(
            new Shift(2), new RandomCrop(2), new HorizontalFlip(), Normalize.of(0.2f, 0.3f));
    return new Loader(data, 64, 1, true, augment, prefetch);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void takingAndReleasingBatchesAllocatesNothing(int prefetch) {
    long self = Thread.currentThread().threadId();
    try (Loader loader = loader(prefetch)) {
      warmUp(loader);
      loader.start(1);
      long before = THREADS.getThreadAllocatedBytes(self);
      long between = THREADS.getThreadAllocatedBytes(self); // what asking costs
      long samples = drain(loader);
      long after = THREADS.getThreadAllocatedBytes(self);
      assertEquals(1000, samples);
      assertEquals(between - before, after - between, "bytes allocated by the consumer");
    }
  }

  @Test
  void theLoadersThreadAllocatesNothing() {
    try (Loader loader = loader(2)) {
      warmUp(loader);
      long producer = producer().threadId();
      loader.start(1);
      loader.release(loader.next());
      long before = THREADS.getThreadAllocatedBytes(producer);
      for (int i = 0; i < 14; i++) {
        loader.release(loader.next());
      }
      assertEquals(0, THREADS.getThreadAllocatedBytes(producer) - before);
    }
  }
}

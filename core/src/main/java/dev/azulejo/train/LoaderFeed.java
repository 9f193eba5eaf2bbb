package dev.azulejo.train;

import dev.azulejo.data.Batch;
import dev.azulejo.data.Loader;
import dev.azulejo.data.Transform;
import dev.azulejo.device.Event;
import dev.azulejo.device.HostBuffer;
import dev.azulejo.device.Stream;
import dev.azulejo.device.Tensor;
import java.lang.foreign.SegmentAllocator;

/**
 * Mini-batches that the host prepares, in memory that the device copies from by itself: while one
 * is on its way and the step before runs, the loader's thread fills the next ones.
 */
final class LoaderFeed implements Feed {
  private static final int PREFETCH = 3;

  private final Stream stream;
  private final Replica replica;
  private final long sample;
  private final HostBuffer memory;
  private final Event copied;
  private final Loader loader;
  private Batch under; // the mini-batch whose copy is under way

  LoaderFeed(PassSettings settings, Stream stream, Replica replica) {
    this.stream = stream;
    this.replica = replica;
    sample = settings.network().spec().input().size();
    memory =
        stream
            .device()
            .allocateHost(
                "mini-batches", Loader.bytes(settings.data(), settings.batch(), PREFETCH));
    Event event = null;
    try {
      event = stream.device().openEvent();
      loader =
          new Loader(
              settings.data(),
              settings.batch(),
              settings.seed(),
              true,
              Transform.chain(settings.augmentation(), settings.network().spec().normalization()),
              PREFETCH,
              SegmentAllocator.slicingAllocator(memory.segment()));
    } catch (RuntimeException | Error e) {
      if (event != null) {
        event.close();
      }
      memory.close();
      throw e;
    }
    copied = event;
  }

  @Override
  public int batches() {
    return loader.batches();
  }

  @Override
  public void start(int epoch, int first) {
    stream.synchronize();
    under = null;
    loader.start(epoch, first);
  }

  @Override
  public int next() {
    if (under != null) {
      copied.synchronize();
      loader.release(under);
    }
    under = loader.next();
    int samples = under.count();
    replica.plan().input().uploadAsync(stream, samples * sample, memory, under.images());
    copied.record(stream);
    replica.scorer().load(under.labels(), samples);
    return samples;
  }

  @Override
  public void load(int samples, Tensor images, Tensor labels) {
    // next() has copied them: host memory changes place from one mini-batch to the next.
  }

  @Override
  public void close() {
    loader.close();
    memory.close(); // waits for the copies
    copied.close();
  }
}

package dev.azulejo.data;

import static dev.azulejo.data.TestFiles.assertFails;
import static dev.azulejo.data.TestFiles.assertMentions;
import static dev.azulejo.data.TestFiles.numbered;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The prefetching loader of shuffled mini-batches (row T5, Algorithm 1). */
@Timeout(20)
class LoaderTest {

  /** Everything a batch holds, copied. */
  private record Copy(int number, List<Integer> indices, List<Float> images, List<Integer> labels) {

    static Copy of(Batch batch) {
      return new Copy(
          batch.number(),
          IntStream.of(batch.indices()).boxed().toList(),
          boxed(batch.images()),
          IntStream.of(batch.labels().toArray(ValueLayout.JAVA_INT)).boxed().toList());
    }

    private static List<Float> boxed(MemorySegment images) {
      List<Float> values = new ArrayList<>();
      for (float value : images.toArray(ValueLayout.JAVA_FLOAT)) {
        values.add(value);
      }
      return values;
    }
  }

  /** What is left of the epoch. */
  private static List<Copy> drain(Loader loader) {
    List<Copy> batches = new ArrayList<>();
    for (Batch batch; (batch = loader.next()) != null; loader.release(batch)) {
      batches.add(Copy.of(batch));
    }
    return batches;
  }

  private static List<Copy> epoch(Dataset data, int batchSize, int prefetch, int epoch, int first) {
    Transform augment =
        Transform.chain(new Shift(1), new HorizontalFlip(), Normalize.of(new float[2], ones()));
    try (Loader loader = new Loader(data, batchSize, 99, true, augment, prefetch)) {
      loader.start(epoch, first);
      return drain(loader);
    }
  }

  private static float[] ones() {
    return new float[] {1, 2};
  }

  private static List<Integer> indices(List<Copy> batches) {
    return batches.stream().flatMap(batch -> batch.indices().stream()).toList();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "10, 3", "64, 64", "65, 64", "100, 1", "7, 100", "128, 32"})
  void everySampleIsThereExactlyOnce(int size, int batchSize) {
    for (int prefetch : new int[] {0, 1, 3}) {
      List<Copy> batches = epoch(numbered(size, 5), batchSize, prefetch, 0, 0);
      List<Integer> seen = indices(batches);
      assertEquals(size, seen.size());
      assertEquals(size, new HashSet<>(seen).size());
      int full = Math.min(batchSize, size);
      for (int i = 0; i < batches.size(); i++) {
        Copy batch = batches.get(i);
        int count = Math.min(full, size - i * full);
        assertEquals(i, batch.number());
        assertEquals(count, batch.indices().size());
        assertEquals(count, batch.labels().size());
        assertEquals(count * 12, batch.images().size());
      }
    }
  }

  @Test
  void imagesAndLabelsBelongToTheirIndex() {
    try (Loader loader = new Loader(numbered(50, 7), 8, 3, true, Transform.identity(), 2)) {
      loader.start(4);
      for (Copy batch : drain(loader)) {
        for (int i = 0; i < batch.indices().size(); i++) {
          int index = batch.indices().get(i);
          assertEquals(index % 7, batch.labels().get(i));
          for (float value : batch.images().subList(i * 12, i * 12 + 12)) {
            assertEquals(index, value);
          }
        }
      }
    }
  }

  @Test
  void theOrderDependsOnSeedAndEpoch() {
    InMemoryDataset data = numbered(200, 5);
    List<Copy> epoch = epoch(data, 16, 2, 3, 0);
    assertEquals(epoch, epoch(data, 16, 2, 3, 0));
    assertNotEquals(indices(epoch), indices(epoch(data, 16, 2, 4, 0)));
    try (Loader other = new Loader(data, 16, 100, true, Transform.identity(), 2)) {
      other.start(3);
      assertNotEquals(indices(epoch), indices(drain(other)));
    }
  }

  @Test
  void aSamplesAugmentationDependsOnSeedEpochAndIndexOnly() {
    // Another batch size puts samples into other batches and changes nothing about them.
    InMemoryDataset data = numbered(100, 5);
    Map<Integer, List<Float>> byEight = imagesByIndex(epoch(data, 8, 2, 3, 0));
    assertEquals(byEight, imagesByIndex(epoch(data, 13, 0, 3, 0)));
    Map<Integer, List<Float>> nextEpoch = imagesByIndex(epoch(data, 8, 2, 4, 0));
    long same =
        byEight.keySet().stream().filter(i -> byEight.get(i).equals(nextEpoch.get(i))).count();
    assertTrue(same < 50, same + " of 100 samples are augmented alike in another epoch");
  }

  private static Map<Integer, List<Float>> imagesByIndex(List<Copy> batches) {
    Map<Integer, List<Float>> images = new HashMap<>();
    for (Copy batch : batches) {
      for (int i = 0; i < batch.indices().size(); i++) {
        images.put(batch.indices().get(i), batch.images().subList(i * 12, i * 12 + 12));
      }
    }
    return images;
  }

  @Test
  void theOrderDoesNotDependOnEpochsBefore() {
    InMemoryDataset data = numbered(100, 5);
    Transform augment = new Shift(1);
    List<Copy> later = new ArrayList<>();
    try (Loader loader = new Loader(data, 16, 1, true, augment, 2)) {
      for (int epoch = 0; epoch < 3; epoch++) {
        loader.start(epoch);
        later = drain(loader);
      }
    }
    try (Loader loader = new Loader(data, 16, 1, true, augment, 2)) {
      loader.start(2);
      assertEquals(later, drain(loader));
    }
  }

  @Test
  void withoutShufflingTheOrderIsTheDataSets() {
    try (Loader loader = new Loader(numbered(20, 5), 6, 1, false, Transform.identity(), 2)) {
      for (int epoch = 0; epoch < 2; epoch++) {
        loader.start(epoch);
        assertEquals(IntStream.range(0, 20).boxed().toList(), indices(drain(loader)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 12, 13})
  void anEpochTakenUpInTheMiddleIsTheTailOfTheWhole(int first) {
    InMemoryDataset data = numbered(100, 5);
    List<Copy> whole = epoch(data, 8, 2, 6, 0);
    assertEquals(13, whole.size());
    assertEquals(whole.subList(first, 13), epoch(data, 8, 2, 6, first));
  }

  @Test
  void prefetchingChangesNothing() {
    InMemoryDataset data = numbered(150, 5);
    List<Copy> plain = epoch(data, 16, 0, 1, 0);
    for (int prefetch : new int[] {1, 2, 7, 40}) {
      assertEquals(plain, epoch(data, 16, prefetch, 1, 0));
    }
  }

  @Test
  void startingAgainDropsTheRest() {
    InMemoryDataset data = numbered(300, 5);
    List<Copy> whole = epoch(data, 8, 0, 2, 0);
    Transform augment =
        Transform.chain(new Shift(1), new HorizontalFlip(), Normalize.of(new float[2], ones()));
    for (int prefetch : new int[] {0, 1, 3}) {
      try (Loader loader = new Loader(data, 8, 99, true, augment, prefetch)) {
        SeededRandom random = new SeededRandom(prefetch);
        for (int i = 0; i < 200; i++) {
          loader.start(random.nextInt(5), random.nextInt(20));
          for (int taken = random.nextInt(4); taken > 0; taken--) {
            Batch batch = loader.next();
            if (random.nextBoolean()) {
              loader.release(batch);
            } else {
              break; // start() takes back what is still out
            }
          }
        }
        loader.start(2);
        assertEquals(whole, drain(loader));
        assertNull(loader.next(), "the end stays the end");
      }
    }
  }

  @Test
  void severalBatchesMayBeOutAndGoBackInOrder() {
    try (Loader loader = new Loader(numbered(40, 5), 4, 1, true, Transform.identity(), 2)) {
      loader.start(0);
      Batch first = loader.next();
      Batch second = loader.next();
      Batch third = loader.next();
      int[] indices = first.indices();
      assertMentions(
          assertThrows(IllegalStateException.class, loader::next),
          "all 3 batches of the loader are taken",
          "release one");
      assertMentions(
          assertThrows(IllegalArgumentException.class, () -> loader.release(second)),
          "in the order they came");
      assertArrayEquals(indices, first.indices());
      loader.release(first);
      loader.release(second);
      loader.release(third);
      assertMentions(
          assertThrows(IllegalArgumentException.class, () -> loader.release(third)),
          "no batch is out");
      assertSame(first, loader.next(), "the ring's memory is used again");
      assertThrows(NullPointerException.class, () -> loader.release(null));
    }
  }

  @Test
  void aBatchKnowsItsSamples() {
    try (Loader loader = new Loader(numbered(10, 5), 4, 1, false, Transform.identity(), 1)) {
      loader.start(7, 2);
      Batch batch = loader.next();
      assertEquals(7, batch.epoch());
      assertEquals(2, batch.number());
      assertEquals(2, batch.count());
      assertEquals(9, batch.index(1));
      assertEquals(2 * 12 * 4, batch.images().byteSize());
      assertEquals(8, batch.labels().byteSize());
      assertTrue(batch.images().isNative() && batch.labels().isNative());
      assertThrows(IndexOutOfBoundsException.class, () -> batch.index(2));
    }
  }

  /** Sample 33 fails in one way or another. */
  private record Faulty(Dataset base, RuntimeException failure, int label) implements Dataset {
    @Override
    public int size() {
      return base.size();
    }

    @Override
    public Shape shape() {
      return base.shape();
    }

    @Override
    public List<String> classNames() {
      return base.classNames();
    }

    @Override
    public int label(int index) {
      return index == 33 ? label : base.label(index);
    }

    @Override
    public void read(int index, float[] target, int offset) {
      if (index == 33 && failure != null) {
        throw failure;
      }
      base.read(index, target, offset);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 9})
  void aSampleThatCannotBeReadReachesTheConsumer(int prefetch) {
    RuntimeException cause = new IllegalStateException("the disk is gone");
    Dataset data = new Faulty(numbered(60, 5), cause, 0);
    try (Loader loader = new Loader(data, 10, 1, false, Transform.identity(), prefetch)) {
      for (int round = 0; round < 2; round++) {
        loader.start(2);
        for (int i = 0; i < 3; i++) {
          loader.release(loader.next()); // the good batches come first
        }
        DatasetException e =
            assertFails(
                loader::next,
                "sample 33, for batch 3 of epoch 2, could not be prepared: the disk is gone");
        Throwable root = e;
        while (root.getCause() != null) {
          root = root.getCause();
        }
        assertSame(cause, root);
        assertFails(loader::next, "sample 33");
      }
      loader.start(2, 4); // behind the bad sample all is well
      assertEquals(20, indices(drain(loader)).size());
    }
  }

  @Test
  void aLabelWithoutClassReachesTheConsumer() {
    Dataset data = new Faulty(numbered(60, 5), null, 5);
    try (Loader loader = new Loader(data, 60, 1, false, Transform.identity(), 1)) {
      loader.start(0);
      assertFails(loader::next, "sample 33", "has label 5; with 5 classes a label is 0 to 4");
    }
  }

  @Test
  void anErrorInTheThreadReachesTheConsumer() {
    Transform broken =
        (sample, offset, shape, random) -> {
          throw new StackOverflowError("too deep");
        };
    try (Loader loader = new Loader(numbered(6, 5), 2, 1, false, broken, 1)) {
      loader.start(0);
      assertFails(loader::next, "loader's thread failed", "too deep");
    }
  }

  @Test
  void anInterruptIsKeptAndLosesNothing() {
    InMemoryDataset data = numbered(100, 5);
    List<Copy> whole = epoch(data, 8, 2, 6, 0);
    Thread.currentThread().interrupt();
    List<Copy> interrupted = epoch(data, 8, 2, 6, 0);
    assertTrue(Thread.interrupted(), "the interrupt must still be there");
    assertEquals(whole, interrupted);
  }

  @Test
  void closingStopsTheThreadAndEndsTheBatches() {
    Loader loader = new Loader(numbered(1000, 5), 2, 1, true, Transform.identity(), 2);
    loader.start(0);
    Batch batch = loader.next();
    loader.close();
    loader.close();
    assertTrue(
        Thread.getAllStackTraces().keySet().stream()
            .noneMatch(thread -> thread.getName().equals("azulejo-loader")));
    assertThrows(IllegalStateException.class, () -> batch.images().get(ValueLayout.JAVA_FLOAT, 0));
    assertMentions(assertThrows(IllegalStateException.class, loader::next), "loader is closed");
    assertThrows(IllegalStateException.class, () -> loader.start(1));
    assertThrows(IllegalStateException.class, () -> loader.release(batch));
  }

  @Test
  void refusesWrongUse() {
    InMemoryDataset data = numbered(10, 5);
    Transform none = Transform.identity();
    assertMentions(
        assertThrows(
            IllegalArgumentException.class, () -> new Loader(Subset.of(data), 4, 1, true, none, 1)),
        "the data set is empty");
    assertMentions(
        assertThrows(IllegalArgumentException.class, () -> new Loader(data, 0, 1, true, none, 1)),
        "batch size 0");
    assertThrows(IllegalArgumentException.class, () -> new Loader(data, 4, 1, true, none, -1));
    assertMentions(
        assertThrows(NullPointerException.class, () -> new Loader(data, 4, 1, true, null, 1)),
        "transform");
    try (Loader loader = new Loader(data, 4, 1, true, none, 1)) {
      assertEquals(3, loader.batches());
      assertMentions(
          assertThrows(IllegalStateException.class, loader::next), "start(epoch) must come before");
      assertMentions(
          assertThrows(IllegalArgumentException.class, () -> loader.start(0, 4)),
          "cannot start at batch 4",
          "batches 0 to 2");
      assertThrows(IllegalArgumentException.class, () -> loader.start(0, -1));
      loader.start(0, 3);
      assertNull(loader.next(), "behind the last batch is the end");
    }
  }

  @Test
  void aBatchSizeAboveTheDataSetTakesNoMoreMemory() {
    try (Loader loader =
        new Loader(numbered(5, 5), Integer.MAX_VALUE, 1, true, Transform.identity(), 1)) {
      loader.start(0);
      assertEquals(5, Arrays.stream(loader.next().indices()).distinct().count());
      assertNull(loader.next());
    }
  }
}

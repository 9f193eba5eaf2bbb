package dev.azulejo.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azulejo.data.Batch;
import dev.azulejo.data.Dataset;
import dev.azulejo.data.Glyphs;
import dev.azulejo.data.HorizontalFlip;
import dev.azulejo.data.InMemoryDataset;
import dev.azulejo.data.Loader;
import dev.azulejo.data.RandomCrop;
import dev.azulejo.data.Shape;
import dev.azulejo.data.Shift;
import dev.azulejo.data.Subset;
import dev.azulejo.data.Transform;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Mini-batches gathered on the device are the loader's, bit for bit. */
class ResidentBatchesTest extends DeviceTest {
  private static final Shape SHAPE = new Shape(3, 14, 12);
  private static final int BATCH = 4;

  private static final NetworkSpec SPEC =
      NetworkText.parse(
          """
          input 3x14x12 mean 0.2,0.3,0.4 std 0.35,0.25,0.3
          flatten
          dense 10
          """);

  static List<Transform> augmentations() {
    return List.of(
        Transform.identity(),
        new Shift(0),
        new Shift(3),
        new RandomCrop(4),
        new HorizontalFlip(),
        Transform.chain(new Shift(2), new HorizontalFlip()),
        Transform.chain(new HorizontalFlip(), new Shift(2)),
        Transform.chain(
            new HorizontalFlip(), Transform.chain(new RandomCrop(2), new HorizontalFlip(0.3))));
  }

  @ParameterizedTest
  @MethodSource("augmentations")
  void areTheLoadersBitForBit(Transform augmentation) {
    Dataset all = Glyphs.generate(20, SHAPE, 3);
    for (Dataset data : List.of(all, Subset.of(Subset.range(all, 5, 20), 14, 0, 3, 3, 7, 9))) {
      compare(data, augmentation, SPEC);
    }
  }

  @Test
  void withoutNormalisation() {
    compare(
        Glyphs.generate(5, SHAPE, 3),
        new Shift(1),
        NetworkText.parse("input 3x14x12\nflatten\ndense 10\n"));
  }

  private void compare(Dataset data, Transform augmentation, NetworkSpec spec) {
    int size = SHAPE.size();
    try (Network network = Network.create(device, spec, 1);
        ResidentBatches batches =
            new ResidentBatches(network, stream, data, 99, true, augmentation, BATCH, "none");
        Loader loader =
            new Loader(
                data, BATCH, 99, true, Transform.chain(augmentation, spec.normalization()), 0);
        DeviceBuffer x = device.allocateFloats("x", (long) BATCH * size);
        DeviceBuffer y = device.allocateFloats("y", BATCH)) {
      assertEquals(loader.batches(), batches.batches());
      for (int epoch = 0; epoch < 2; epoch++) {
        int first = epoch; // the second epoch is taken up in the middle
        loader.start(epoch, first);
        batches.start(epoch, first);
        for (int number = first; number < batches.batches(); number++) {
          Batch batch = loader.next();
          int samples = batches.count(number);
          assertEquals(batch.count(), samples);
          batches.gather(samples, x.floats(), y.ints());
          assertArrayEquals(
              batch.images().toArray(ValueLayout.JAVA_FLOAT),
              x.floats(0, (long) samples * size).toArray(stream));
          assertArrayEquals(
              batch.labels().toArray(ValueLayout.JAVA_INT), y.ints(0, samples).toIntArray(stream));
          loader.release(batch);
        }
      }
    }
  }

  @Test
  void obstaclesSayWhatCannotBeGathered() {
    Dataset bytes = Glyphs.generate(4, SHAPE, 3);
    Dataset floats =
        InMemoryDataset.ofFloats(SHAPE, new float[SHAPE.size()], new int[1], bytes.classNames());
    Loss loss = Loss.SOFTMAX_CROSS_ENTROPY;
    Transform none = Transform.identity();
    assertObstacle("as bytes in memory", ResidentBatches.obstacle(floats, none, loss));
    assertObstacle(
        "as bytes in memory", ResidentBatches.obstacle(Subset.range(floats, 0, 1), none, loss));
    assertObstacle("one-hot rows", ResidentBatches.obstacle(bytes, none, Loss.MEAN_SQUARED_ERROR));
    Transform own = (sample, offset, shape, random) -> sample[offset] = 0;
    assertObstacle(
        "is not one that moves or mirrors images", ResidentBatches.obstacle(bytes, own, loss));
    assertObstacle(
        "is not one that moves or mirrors images",
        ResidentBatches.obstacle(bytes, Transform.chain(new Shift(1), own), loss));
    assertObstacle(
        "Shift[pixels=1] and RandomCrop[padding=2] both move the image",
        ResidentBatches.obstacle(bytes, Transform.chain(new Shift(1), new RandomCrop(2)), loss));
    assertObstacle("out of sight", ResidentBatches.obstacle(bytes, new RandomCrop(6), loss));
    assertObstacle("out of sight", ResidentBatches.obstacle(bytes, new Shift(12), loss));
    assertEquals(Optional.empty(), ResidentBatches.obstacle(bytes, new Shift(11), loss));
    try (Network network = Network.create(device, SPEC, 1)) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new ResidentBatches(network, stream, bytes, 1, true, own, 2, "none"));
    }
  }

  private static void assertObstacle(String text, Optional<String> found) {
    if (!found.orElse("").contains(text)) {
      throw new AssertionError("\"" + text + "\" is not the obstacle: " + found);
    }
  }
}

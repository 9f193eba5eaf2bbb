package dev.azulejo.ops;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.device.Device;
import dev.azulejo.device.DeviceBuffer;
import dev.azulejo.device.DeviceTest;
import dev.azulejo.device.Tensor;
import org.junit.jupiter.api.Test;

/** azj_gather against plain loops, bit for bit, and what it refuses. */
class GatherConformanceTest extends DeviceTest {
  private static final int SAMPLES = 5;
  private static final int CHANNELS = 2;
  private static final int HEIGHT = 6;
  private static final int WIDTH = 5;
  private static final int SIZE = CHANNELS * HEIGHT * WIDTH;
  private static final int ITEMS = 7;
  private static final int BATCH = 3;
  private static final float[] MEAN = {0.4f, 0.6f};
  private static final float[] SCALE = {3, 5};

  private static byte[] pixels() {
    byte[] pixels = new byte[SAMPLES * SIZE];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i * 37);
    }
    return pixels;
  }

  private static int index(int item) {
    return item * 3 % SAMPLES;
  }

  private static int down(int item) {
    return item % 4 - 2;
  }

  private static int right(int item) {
    return 2 - item % 5;
  }

  private static boolean mirrored(int item) {
    return item % 2 == 1;
  }

  private static int reflect(int position, int size) {
    int folded = Math.abs(position);
    return folded < size ? folded : 2 * (size - 1) - folded;
  }

  private static float[] expected(int item, Border border, boolean normalised) {
    byte[] pixels = pixels();
    float[] sample = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      int channel = i / (HEIGHT * WIDTH);
      int row = i / WIDTH % HEIGHT - down(item);
      int column = (mirrored(item) ? WIDTH - 1 - i % WIDTH : i % WIDTH) - right(item);
      boolean outside = row < 0 || row >= HEIGHT || column < 0 || column >= WIDTH;
      int at = (channel * HEIGHT + reflect(row, HEIGHT)) * WIDTH + reflect(column, WIDTH);
      float value =
          outside && border == Border.ZERO ? 0 : (pixels[index(item) * SIZE + at] & 0xff) / 255f;
      sample[i] = normalised ? (value - MEAN[channel]) * SCALE[channel] : value;
    }
    return sample;
  }

  @Test
  void everyItemComesInItsPlace() {
    try (DeviceBuffer bytes = device.allocate("pixels", SAMPLES * SIZE);
        DeviceBuffer memory = device.allocateFloats("x", BATCH * SIZE + 2 * CHANNELS);
        DeviceBuffer labels = device.allocateFloats("labels", SAMPLES + BATCH);
        GatherList list = new GatherList(device, ITEMS)) {
      bytes.pixels().upload(stream, pixels());
      Tensor known = labels.ints(0, SAMPLES);
      Tensor y = labels.ints(SAMPLES, BATCH);
      known.upload(stream, new int[] {40, 41, 42, 43, 44});
      Tensor x = memory.floats(0, BATCH * SIZE);
      Tensor mean = memory.floats(BATCH * SIZE, CHANNELS);
      Tensor scale = memory.floats(BATCH * SIZE + CHANNELS, CHANNELS);
      mean.upload(stream, MEAN);
      scale.upload(stream, SCALE);
      for (int i = 0; i < ITEMS; i++) {
        list.set(i, index(i), down(i), right(i), mirrored(i));
      }
      for (Border border : Border.values()) {
        for (boolean normalised : new boolean[] {false, true}) {
          var problem = new GatherProblem(BATCH, CHANNELS, HEIGHT, WIDTH, SAMPLES, border);
          list.upload(stream, 1);
          for (int first = 1; first < ITEMS; first += BATCH) {
            Gather.gather(
                stream,
                problem,
                bytes.pixels(),
                known,
                list,
                normalised ? mean : null,
                normalised ? scale : null,
                x,
                y);
            float[] got = x.toArray(stream);
            int[] gotLabels = y.toIntArray(stream);
            for (int i = 0; i < BATCH; i++) {
              float[] sample = java.util.Arrays.copyOfRange(got, i * SIZE, (i + 1) * SIZE);
              assertArrayEquals(expected(first + i, border, normalised), sample);
              assertEquals(40 + index(first + i), gotLabels[i]);
            }
          }
          problem.setBatch(1); // beyond the list
          Gather.gather(stream, problem, bytes.pixels(), known, list, null, null, x, y);
          assertTrue(Float.isNaN(x.toArray(stream)[0]));
          assertEquals(-1, y.toIntArray(stream)[0]);
        }
      }
    }
  }

  @Test
  void misuseIsNamed() {
    try (DeviceBuffer bytes = device.allocate("pixels", SAMPLES * SIZE);
        DeviceBuffer memory = device.allocateFloats("x", BATCH * SIZE);
        GatherList list = new GatherList(device, ITEMS)) {
      var problem = new GatherProblem(BATCH, CHANNELS, HEIGHT, WIDTH, SAMPLES, Border.ZERO);
      Tensor x = memory.floats();
      assertEquals(
          "the gather list was not uploaded yet; call upload(...)",
          assertThrows(
                  IllegalStateException.class,
                  () ->
                      Gather.gather(
                          stream, problem, bytes.pixels(), null, list, null, null, x, null))
              .getMessage());
      assertMessage(
          "mean is null and scale is not; give both or neither",
          () -> Gather.gather(stream, problem, bytes.pixels(), null, list, null, x, x, null));
      assertMessage(
          "y is null and labels is not; give both or neither",
          () ->
              Gather.gather(
                  stream, problem, bytes.pixels(), memory.ints(), list, null, null, x, null));
      assertMessage(
          "an image moved by 40000, 0: distances must fit 16 bits",
          () -> list.set(0, 0, 40000, 0, false));
      assertThrows(IndexOutOfBoundsException.class, () -> list.set(ITEMS, 0, 0, 0, false));
      assertMessage(
          "width must be at most 32767, was 32768",
          () -> new GatherProblem(1, 1, 1, 32768, 1, Border.ZERO));
      assertMessage("items must be at least 1, was 0", () -> new GatherList(device, 0));
    }
    try (Device other = Device.open(kind);
        GatherList foreign = new GatherList(other, 1);
        DeviceBuffer memory = device.allocateFloats("x", 4)) {
      foreign.upload(other.stream(), 0);
      var problem = new GatherProblem(1, 1, 1, 1, 1, Border.ZERO);
      assertThrows(
          IllegalArgumentException.class,
          () ->
              Gather.gather(
                  stream,
                  problem,
                  memory.pixels(),
                  null,
                  foreign,
                  null,
                  null,
                  memory.floats(1, 1),
                  null));
    }
  }

  private static void assertMessage(String text, org.junit.jupiter.api.function.Executable call) {
    assertEquals(text, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}

package dev.azulejo.compare.overhead;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.overhead.OverheadComparison.Cost;
import dev.azulejo.device.DeviceKind;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The same operations, one by one, as a graph, and as a graph run by C. */
@Tag("emulated")
class GraphReplayTest {
  @Test
  void everyWayDoesTheSame() {
    GraphReplay call = new GraphReplay(DeviceKind.EMULATED);
    call.open();
    call.calls();
    assertArrayEquals(after(1), call.result());
    call.replay();
    assertArrayEquals(after(2), call.result());
    call.c();
    assertArrayEquals(after(2 + GraphReplay.CALLS), call.result());
    call.close();
  }

  @Test
  void theComparisonMeasuresEveryWay() {
    List<Cost> costs =
        new OverheadComparison(new Effort(0, 0, 0, 1, 0)).replays(DeviceKind.EMULATED);
    assertEquals(3, costs.size());
    assertTrue(costs.stream().allMatch(cost -> cost.seconds() > 0));
  }

  /** y after so many rounds; steps are powers of two, so that sums are exact. */
  private static float[] after(int rounds) {
    float[] y = new float[256];
    Arrays.fill(y, rounds * GraphReplay.OPERATIONS * GraphReplay.STEP);
    return y;
  }
}

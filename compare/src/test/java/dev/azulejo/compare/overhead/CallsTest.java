package dev.azulejo.compare.overhead;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.azulejo.azulejo_h;
import dev.azulejo.compare.measure.Effort;
import dev.azulejo.compare.overhead.OverheadComparison.Cost;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever way a benchmark calls a function, the function does what it does. */
class CallsTest {
  @Test
  void everyEmptyCallReturnsTheSame() {
    EmptyCall call = new EmptyCall();
    assertEquals(azulejo_h.AZJ_ABI_VERSION(), call.c());
    assertEquals(azulejo_h.AZJ_ABI_VERSION(), call.bindings());
    assertEquals(azulejo_h.AZJ_ABI_VERSION(), call.ffmCritical());
    assertEquals(0, call.blasC());
    assertEquals(0, call.blasFfm());
    assertEquals(0, call.blasCritical());
    assertEquals(0, call.blasJni());
  }

  @Test
  void everyOperationRuns() {
    OperationCall call = new OperationCall();
    call.open();
    call.c();
    call.core();
    call.blasJni();
    call.blasFfm();
    assertEquals(azulejo_h.AZJ_OK(), call.bindings());
    assertEquals(azulejo_h.AZJ_OK(), call.ffmCritical());
    float[] unchanged = new float[OperationCall.COUNT];
    Arrays.fill(unchanged, 2);
    assertArrayEquals(unchanged, call.result());
    assertArrayEquals(unchanged, call.resultOfJavaCpp());
    call.close();
  }

  @Test
  void everyCopyCopies() {
    BufferCopy call = new BufferCopy();
    float[] expected = new float[call.count];
    Arrays.fill(expected, BufferCopy.VALUE);
    List<Runnable> ways =
        List.of(call::c, call::bindings, call::arrayCritical, call::core, call::coreArray);
    for (Runnable way : ways) {
      call.open();
      way.run();
      assertArrayEquals(expected, call.copied());
      call.close();
    }
    call.open();
    call.arrayJni();
    assertArrayEquals(expected, call.copiedByJavaCpp());
    call.close();
  }

  @Test
  void theStepTrains() {
    Step call = new Step();
    call.open();
    double before = call.step();
    double after = before;
    for (int i = 0; i < 200; i++) {
      after = call.step();
    }
    assertTrue(after < before, before + " to " + after);
    call.close();
  }

  @Test
  void theComparisonMeasuresEveryWay() {
    List<Cost> costs = new OverheadComparison(new Effort(0, 0, 0, 1, 0)).calls();
    assertEquals(21, costs.size());
    assertTrue(costs.stream().allMatch(cost -> cost.seconds() > 0));
  }
}

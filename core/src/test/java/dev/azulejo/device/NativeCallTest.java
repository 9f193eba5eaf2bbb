package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azulejo.bindings.azulejo.azulejo_h;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each status has its exception, with function, status and text; no status is lost. */
class NativeCallTest extends DeviceTest {
  @Test
  void okPasses() {
    assertDoesNotThrow(() -> NativeCall.check(azulejo_h.AZJ_OK(), "azj_fill"));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OK")
  void everyFailureHasItsException(Status status) {
    var e = assertThrows(AzulejoException.class, () -> NativeCall.check(status.code(), "azj_fill"));
    assertEquals(status, e.status());
    assertEquals("azj_fill", e.function());
    assertTrue(e.getMessage().startsWith("azj_fill: " + status + ": "), e.getMessage());
    Class<?> expected =
        switch (status) {
          case NO_DEVICE -> DeviceUnavailableException.class;
          case OUT_OF_MEMORY -> OutOfDeviceMemoryException.class;
          case UNSUPPORTED -> UnsupportedProblemException.class;
          case DEVICE_LOST -> DeviceLostException.class;
          default -> AzulejoException.class;
        };
    assertEquals(expected, e.getClass());
  }

  /** The names agree with the library's, so that a status of a later library is not mistaken. */
  @ParameterizedTest
  @EnumSource
  void namesAreThoseOfTheLibrary(Status status) {
    assertEquals(
        status.name(), azulejo_h.azj_status_name(status.code()).getString(0), "" + status.code());
    assertEquals(status, Status.of(status.code()));
  }

  @Test
  void unknownCodesAreShown() {
    var e = assertThrows(AzulejoException.class, () -> NativeCall.check(99, "azj_fill"));
    assertEquals(Status.UNKNOWN, e.status());
    assertTrue(e.getMessage().startsWith("azj_fill: UNKNOWN: status code 99"), e.getMessage());
  }
}

package dev.azulejo.device;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A test that runs on every device there is, each test method with a device of its own. After each
 * the live bytes must be zero, by Java's count and by the native library's.
 */
@Tag("device")
@ParameterizedClass(name = "{0}")
@MethodSource("dev.azulejo.device.Devices#available")
public abstract class DeviceTest {
  /** What the test runs on. */
  @Parameter public DeviceKind kind;

  /** The device of this test method. */
  protected Device device;

  /** Its default stream. */
  protected Stream stream;

  private final List<Stream> teams = new ArrayList<>();

  /** Opens the device. */
  @BeforeEach
  public final void openDevice() {
    device = kind == DeviceKind.CPU ? Device.cpu(2) : Device.open(kind);
    stream = device.stream();
  }

  /** Closes it, and asserts that nothing is left on it. */
  @AfterEach
  public final void closeDevice() {
    try {
      teams.forEach(Stream::close);
      if (device.isOpen()) {
        stream.workspace().trim();
        assertEquals(0, device.memory().liveBytes(), () -> "leaked: " + device.memory());
        assertEquals(0, device.nativeLiveBytes(), "bytes that the native library holds");
      }
    } finally {
      device.close();
    }
  }

  /**
   * Streams of 1, 2 and 3 threads on the CPU, where all streams are in order with each other; the
   * default stream on devices whose streams have no teams and are not.
   */
  protected final List<Stream> teams() {
    if (kind != DeviceKind.CPU) {
      return List.of(stream);
    }
    if (teams.isEmpty()) {
      teams.addAll(List.of(device.openStream(1), device.openStream(2), device.openStream(3)));
    }
    return teams;
  }
}

package dev.azulejo.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {
  @ParameterizedTest
  @CsvSource({
    "Linux,      amd64,   linux-x86_64,   libazulejo.so",
    "Linux,      x86_64,  linux-x86_64,   libazulejo.so",
    "Linux,      aarch64, linux-aarch64,  libazulejo.so",
    "Linux,      riscv64, linux-riscv64,  libazulejo.so",
    "Mac OS X,   aarch64, macos-aarch64,  libazulejo.dylib",
    "Windows 11, amd64,   windows-x86_64, azulejo.dll"
  })
  void namesOfJavaBecomeOurs(String osName, String osArch, String name, String fileName) {
    Platform platform = Platform.of(osName, osArch);
    assertEquals(name, platform.toString());
    assertEquals(fileName, platform.fileName("azulejo"));
  }
}

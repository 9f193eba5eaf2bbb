package dev.azulejo.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LoadOnceTest {
  private static final LoadedLibrary LIBRARY = new LoadedLibrary("lib", "1", "here", "file");
  private final AtomicInteger calls = new AtomicInteger();

  @Test
  void manyThreadsLoadOnce() throws Exception {
    LoadOnce once =
        new LoadOnce(
            () -> {
              calls.incrementAndGet();
              return LIBRARY;
            });
    CountDownLatch start = new CountDownLatch(1);
    Callable<LoadedLibrary> ask =
        () -> {
          start.await();
          return once.get();
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
      List<Future<LoadedLibrary>> answers = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        answers.add(threads.submit(ask));
      }
      start.countDown();
      for (Future<LoadedLibrary> answer : answers) {
        assertSame(LIBRARY, answer.get());
      }
    }
    assertEquals(1, calls.get());
  }

  @Test
  void describesWithoutLoading() {
    LoadOnce once = new LoadOnce(() -> LIBRARY);
    assertEquals("lib: not loaded, not asked for yet", once.describe("lib"));
    assertEquals(LIBRARY, once.get());
    assertEquals("lib, 1, from file (here)", once.describe("lib"));
  }

  @Test
  void failureIsRememberedWithItsMessage() {
    LoadOnce once =
        new LoadOnce(
            () -> {
              throw new NativeLibraryException("attempt " + calls.incrementAndGet());
            });
    NativeLibraryException first = assertThrows(NativeLibraryException.class, once::get);
    NativeLibraryException second = assertThrows(NativeLibraryException.class, once::get);
    assertEquals("attempt 1", first.getMessage());
    assertEquals("attempt 1", second.getMessage());
    assertSame(first, second.getCause());
    assertEquals("attempt 1", once.describe("lib"));
  }

  @Test
  void linkageErrorIsAFailureToo() {
    LoadOnce once =
        new LoadOnce(
            () -> {
              throw new UnsatisfiedLinkError("unresolved symbol: azj_build_info");
            });
    NativeLibraryException failure = assertThrows(NativeLibraryException.class, once::get);
    assertTrue(failure.getMessage().contains("azj_build_info"), failure.getMessage());
    assertEquals(failure.getMessage(), once.describe("lib"));
  }
}

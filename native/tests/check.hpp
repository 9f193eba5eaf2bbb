// The little these tests need of a test framework, and a device with a stream.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "azulejo.h"

inline int failures = 0;

#define CHECK(condition)                                                     \
  do {                                                                       \
    if (!(condition)) {                                                      \
      ++failures;                                                            \
      std::printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);  \
    }                                                                        \
  } while (false)

// The call succeeds.
#define OK(call)                                                                                \
  do {                                                                                          \
    if ((call) != AZJ_OK) {                                                                     \
      ++failures;                                                                               \
      std::printf("%s:%d: %s failed: %s\n", __FILE__, __LINE__, #call, azj_last_error());       \
    }                                                                                           \
  } while (false)

// The call fails with a status and a text that contains `fragment`.
#define FAILS(status, fragment, call) check_failure(__FILE__, __LINE__, #call, status, fragment, call)

inline void check_failure(const char* file, int line, const char* call, azj_status expected, const char* fragment,
                          azj_status status) {
  if (status == expected && std::strstr(azj_last_error(), fragment) != nullptr) return;
  ++failures;
  std::printf("%s:%d: %s\n  expected %s with \"%s\"\n  but got  %s with \"%s\"\n", file, line, call,
              azj_status_name(expected), fragment, azj_status_name(status), azj_last_error());
}

// |actual - expected| <= tolerance * (1 + |expected|), element by element; NaN equals NaN only.
#define NEAR(actual, expected, tolerance) check_near(__FILE__, __LINE__, #actual, actual, expected, tolerance)

template <class Expected>
void check_near(const char* file, int line, const char* name, const std::vector<float>& actual,
                const std::vector<Expected>& expected, double tolerance) {
  if (actual.size() != expected.size()) {
    ++failures;
    std::printf("%s:%d: %s has %zu elements, expected %zu\n", file, line, name, actual.size(), expected.size());
    return;
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    const double a = actual[i];
    const double e = static_cast<double>(expected[i]);
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;
    if (!(std::fabs(a - e) <= tolerance * (1 + std::fabs(e)))) {
      ++failures;
      std::printf("%s:%d: %s[%zu of %zu] is %.9g, expected %.9g\n", file, line, name, i, actual.size(), a, e);
      return;
    }
  }
}

// Exactly as large as asked, so that AddressSanitizer sees every step beyond.
inline std::vector<float> random_floats(int64_t count, uint32_t seed, float low = -2, float high = 2) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> value(low, high);
  std::vector<float> x(static_cast<size_t>(count));
  for (float& v : x) v = value(generator);
  return x;
}

struct Session {
  explicit Session(int32_t threads) {
    const azj_status opened = azj_device_open(AZJ_DEVICE_CPU, 0, &device);
    if (opened == AZJ_UNSUPPORTED) {  // AZULEJO_ISA names what this processor does not have
      std::printf("skipped: %s\n", azj_last_error());
      std::exit(77);
    }
    OK(opened);
    OK(azj_stream_open(device, threads, &stream));
  }
  ~Session() {
    OK(azj_stream_close(stream));
    OK(azj_device_close(device));
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  azj_device* device = nullptr;
  azj_stream* stream = nullptr;
};

inline int finish(const char* what) {
  std::printf("%s: %d failures\n", what, failures);
  return failures == 0 ? 0 : 1;
}

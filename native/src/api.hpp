// What every extern "C" function has in common: its body runs inside guard(), and its stream is checked by stream_of().
#pragma once

#include <cstdio>
#include <exception>
#include <new>
#include <utility>

#include "azulejo.h"
#include "backend.hpp"
#include "error.hpp"

namespace azj {

// Keeps "function: text" for azj_last_error().
void report(const char* function, const char* text) noexcept;

// Runs the body of an ABI function; an exception becomes status + text, because nothing may be thrown into the caller.
template <class Body>
azj_status guard(const char* function, Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return AZJ_OK;
  } catch (const Error& error) {
    report(function, error.what());
    return error.status();
  } catch (const std::bad_alloc&) {
    report(function, "the host has no memory left for the library's own bookkeeping");
    return AZJ_OUT_OF_MEMORY;
  } catch (const std::exception& error) {
    report(function, error.what());
    return AZJ_INTERNAL;
  } catch (...) {
    report(function, "an exception of unknown type; this is a defect in libazulejo");
    return AZJ_INTERNAL;
  }
}

inline azj_stream& stream_of(azj_stream* stream) {
  if (stream == nullptr) fail(AZJ_INVALID_ARGUMENT, "stream is NULL; open one with azj_stream_open()");
  return *stream;
}

inline azj_device& device_of(azj_device* device) {
  if (device == nullptr) fail(AZJ_INVALID_ARGUMENT, "device is NULL; open one with azj_device_open()");
  return *device;
}

}  // namespace azj

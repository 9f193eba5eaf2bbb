#include "error.hpp"

#include <cstdarg>
#include <cstdio>

namespace azj {

namespace {
// A fixed buffer: keeping the text must not need memory that may just have run out.
thread_local char last_error_text[1024] = "";
}  // namespace

void fail(azj_status status, const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  throw Error(status, text);
}

void set_last_error(const char* text) noexcept { std::snprintf(last_error_text, sizeof last_error_text, "%s", text); }

const char* last_error() noexcept { return last_error_text; }

}  // namespace azj

// How a failure travels inside the library: thrown as azj::Error, turned into status + text by the guard in api.hpp.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "azulejo.h"

namespace azj {

class Error : public std::runtime_error {
 public:
  Error(azj_status status, const std::string& text) : std::runtime_error(text), status_(status) {}
  azj_status status() const { return status_; }

 private:
  azj_status status_;
};

// printf-style text for an Error.
[[noreturn]] __attribute__((format(printf, 2, 3))) void fail(azj_status status, const char* format, ...);

// Saves the text azj_last_error() returns to the calling thread. Never throws.
void set_last_error(const char* text) noexcept;
const char* last_error() noexcept;

}  // namespace azj

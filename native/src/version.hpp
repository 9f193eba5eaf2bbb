// The version of the library, in its build information and in the names of files that belong to one version.
#pragma once

namespace azj {
constexpr const char* kVersion = "0.1.0";
}  // namespace azj

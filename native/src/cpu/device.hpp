#pragma once

#include <memory>

#include "../backend.hpp"

namespace azj::cpu {

std::unique_ptr<azj_device> open_device();

}  // namespace azj::cpu

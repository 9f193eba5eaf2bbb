// Events of the CPU: a stream's call returns when its work is done, so an event is the time of day.
#pragma once

#include <memory>

#include "../backend.hpp"

namespace azj::cpu {

std::unique_ptr<azj_event> open_event(azj_device& device);

}  // namespace azj::cpu

#include "backend.hpp"

azj_device::~azj_device() = default;
azj_stream::~azj_stream() = default;

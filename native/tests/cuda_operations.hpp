// One calculation on two devices.
#pragma once

#include "emulated_session.hpp"

template <class T>
std::vector<float> join(std::vector<float> all, const std::vector<T>& more) {
  for (const T value : more) all.push_back(static_cast<float>(value));
  return all;
}

// calculate(Machine&, bool cpu) gives the same numbers on both.
template <class Calculate>
void agree(const char* name, double tolerance, Calculate&& calculate) {
  const int before = failures;
  Machine cpu(AZJ_DEVICE_CPU, 0), emulated(AZJ_DEVICE_EMULATED, 0);
  NEAR(calculate(emulated, false), calculate(cpu, true), tolerance);
  if (failures != before) std::printf("  in %s: %s\n", name, azj_emulation_fault());
}

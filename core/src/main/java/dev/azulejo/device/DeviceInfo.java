package dev.azulejo.device;

import dev.azulejo.bindings.azulejo.azj_device_info;
import java.lang.foreign.MemorySegment;

/**
 * What a device says about itself.
 *
 * @param kind what it is
 * @param ordinal which device of that kind, from 0
 * @param name the device's own name
 * @param instructionSet what the kernels were chosen for: "avx512", "avx2", "portable", "sm_90"
 * @param computeUnits processors usable by this process (CPU) or multiprocessors (CUDA)
 * @param capability CUDA compute capability * 10; 0 on the CPU
 * @param totalBytes memory of the device
 * @param freeBytes of which free when this was asked
 */
public record DeviceInfo(
    DeviceKind kind,
    int ordinal,
    String name,
    String instructionSet,
    int computeUnits,
    int capability,
    long totalBytes,
    long freeBytes) {

  static DeviceInfo read(DeviceKind kind, MemorySegment info) {
    return new DeviceInfo(
        kind,
        azj_device_info.ordinal(info),
        azj_device_info.name(info).getString(0),
        azj_device_info.instruction_set(info).getString(0),
        azj_device_info.compute_units(info),
        azj_device_info.capability(info),
        azj_device_info.total_bytes(info),
        azj_device_info.free_bytes(info));
  }
}

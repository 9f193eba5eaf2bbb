#include "check.hpp"

#include <cinttypes>
#include <cstdint>

#include "../error.hpp"
#include "architectures.hpp"

namespace azj::cuda {

namespace {

// 13000 -> "13.0"
std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string name_and_text(cudaError_t error) {
  return std::string(cudaGetErrorName(error)) + ", " + cudaGetErrorString(error);
}

std::string memory_text() {
  size_t free = 0, total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) {
    ignore(cudaGetLastError());
    return "";
  }
  return "; " + std::to_string(free) + " of the device's " + std::to_string(total) + " bytes are free";
}

}  // namespace

azj_status status_of(cudaError_t error) noexcept {
  switch (error) {
    case cudaSuccess:
      return AZJ_OK;

    case cudaErrorMemoryAllocation:
      return AZJ_OUT_OF_MEMORY;

    case cudaErrorInitializationError:
    case cudaErrorStubLibrary:
    case cudaErrorInsufficientDriver:
    case cudaErrorCallRequiresNewerDriver:
    case cudaErrorDevicesUnavailable:
    case cudaErrorNoDevice:
    case cudaErrorInvalidDevice:
    case cudaErrorDeviceNotLicensed:
    case cudaErrorInvalidKernelImage:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInvalidPtx:
    case cudaErrorUnsupportedPtxVersion:
    case cudaErrorJitCompilerNotFound:
    case cudaErrorJitCompilationDisabled:
    case cudaErrorSystemNotReady:
    case cudaErrorSystemDriverMismatch:
    case cudaErrorCompatNotSupportedOnDevice:
      return AZJ_NO_DEVICE;

    // CUDA's documentation says of each of these that the process must be ended before the device can be used again.
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContained:
    case cudaErrorTensorMemoryLeak:
    case cudaErrorExternalDevice:
    case cudaErrorMpsClientTerminated:
    case cudaErrorContextIsDestroyed:
    case cudaErrorDeviceUninitialized:
    case cudaErrorCudartUnloading:
    case cudaErrorUnknown:
      return AZJ_DEVICE_LOST;

    default:
      return AZJ_INTERNAL;
  }
}

std::string explain_no_device(cudaError_t error) {
  int driver = 0, runtime = 0;
  ignore(cudaDriverGetVersion(&driver));
  ignore(cudaRuntimeGetVersion(&runtime));
  const std::string needed = "this build needs NVIDIA's driver for CUDA " + version_text(runtime);
  switch (error) {
    case cudaErrorStubLibrary:
      return "the libcuda.so.1 that was loaded is the toolkit's stub, which serves to link only; " + needed +
             ": install it, and take the stub's folder out of LD_LIBRARY_PATH";
    case cudaErrorInsufficientDriver:
    case cudaErrorCallRequiresNewerDriver:
      if (driver == 0) {
        return "no NVIDIA driver was found (libcuda.so.1 cannot be loaded); " + needed +
               " or newer: install it, or in a container pass the host's in (NVIDIA Container Toolkit)";
      }
      return "the installed NVIDIA driver is too old: it supports CUDA " + version_text(driver) + ", and " + needed +
             " or newer; update it";
    case cudaErrorNoDevice:
      return std::string("the driver") + (driver > 0 ? " (CUDA " + version_text(driver) + ")" : "") +
             " sees no GPU; check nvidia-smi and the environment variable CUDA_VISIBLE_DEVICES";
    case cudaErrorInvalidDevice:
      return "there is no CUDA device of that number";
    case cudaErrorInvalidKernelImage:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInvalidPtx:
    case cudaErrorUnsupportedPtxVersion:
    case cudaErrorJitCompilerNotFound:
    case cudaErrorJitCompilationDisabled:
      return "this build of libazulejo has no kernels that the device can run (built for " + architectures_text() +
             "); build it with this device's architecture in AZJ_CUDA_ARCHITECTURES";
    default:
      return "the driver (CUDA " + version_text(driver) + "; built with CUDA " + version_text(runtime) +
             ") gives no device; check nvidia-smi";
  }
}

void check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  const std::string what = std::string(call) + ": " + name_and_text(error);
  ignore(cudaGetLastError());
  const azj_status status = status_of(error);
  switch (status) {
    case AZJ_OUT_OF_MEMORY:
      throw Error(status, what + memory_text());
    case AZJ_NO_DEVICE:
      throw Error(status, explain_no_device(error) + " (" + what + ")");
    case AZJ_DEVICE_LOST:
      throw Error(status, what + "; the device is lost to this process, which must be started anew to use it again");
    default:
      throw Error(status, what + "; this is a defect in libazulejo");
  }
}

void ignore(cudaError_t) noexcept {}

}  // namespace azj::cuda

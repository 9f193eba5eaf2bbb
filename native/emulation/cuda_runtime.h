// Stands in for CUDA's header of the same name where the sources of src/cuda are compiled for the host: the qualifiers
// of CUDA C++, the built-in variables and functions of device code, and the runtime API.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda_runtime_api.h"
#include "device_builtins.h"
#include "device_functions.h"
#include "vector_types.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(bytes) __attribute__((aligned(bytes)))

// A block runs on one OS thread from its first thread to its last, so a variable of the OS thread is shared by exactly
// the threads of a block. Like CUDA, __thread forbids an initialiser that needs code.
#define __shared__ static __thread

// launch.cuh, ptx.cuh and ptx_hopper.cuh of src/cuda have twins here. An #include "launch.cuh" beside a kernel finds the file of
// src/cuda first; it includes this header before its include guard, and the twin below has that same guard, so that
// what the kernel gets is the twin.
#include "launch.cuh"
#include "ptx.cuh"
#include "ptx_hopper.cuh"

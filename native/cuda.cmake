# The CUDA backend: the sources of src/cuda compiled by nvcc.
#
#   AZJ_CUDA                AUTO (when there is an nvcc), ON (nvcc is required) or OFF
#   AZJ_CUDA_ARCHITECTURES  the GPUs to compile machine code for; PTX of the last one serves those that come later
#
# Sets AZJ_CUDA_FOUND, AZJ_CUDA_OBJECTS and AZJ_CUDA_LIBRARIES. The lists of sources serve emulated.cmake too.

set(AZJ_CUDA AUTO CACHE STRING "build the CUDA backend: AUTO, ON or OFF")
set(AZJ_CUDA_ARCHITECTURES 75 80 86 89 90a 100 120 CACHE STRING "compute capabilities (times ten) to compile for")

# Host code: compiled by the C++ compiler.
set(AZJ_CUDA_HOST_SOURCES
  architectures check choice choice_file conv2d conv2d_direct conv2d_hopper conv2d_hopper_packed conv2d_passes device
  event gemm graph hopper_plan memory staging stream stream_bf16 stream_conv2d stream_gemm stream_operations tensor_map)
list(TRANSFORM AZJ_CUDA_HOST_SOURCES REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/src/cuda/\\1.cpp")

# Kernels and their launchers.
set(AZJ_CUDA_KERNEL_SOURCES
  activation bf16_activation bf16_conv2d_pool_backward bf16_pack bf16_pool2d conv2d_bias conv2d_depthwise conv2d_direct
  conv2d_few_channels conv2d_few_channels_input conv2d_few_channels_weights conv2d_im2col conv2d_implicit_gemm
  conv2d_implicit_pool conv2d_implicit_tensor conv2d_pointwise conv2d_pool conv2d_winograd conv2d_winograd_fused conv2d_winograd_weights
  dense elementwise gather gemm_grid gemm_one_block gemm_pack gemm_register gemm_tensor gemm_tiled im2col loss
  optimizer plane_pack pool2d random reduction select softmax)
list(TRANSFORM AZJ_CUDA_KERNEL_SOURCES REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/src/cuda/\\1.cu")

# Those with instructions of compute capability 9.0 alone, compiled for it alone.
set(AZJ_CUDA_HOPPER_SOURCES
  bf16_conv2d bf16_conv2d_pool bf16_gemm conv2d_hopper conv2d_hopper_pixels conv2d_hopper_pool conv2d_hopper_shifts
  gemm_hopper)
list(TRANSFORM AZJ_CUDA_HOPPER_SOURCES REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/src/cuda/\\1.cu")

# What architectures.cpp tells of the build.
list(JOIN AZJ_CUDA_ARCHITECTURES "," azj_machine_code)
list(GET AZJ_CUDA_ARCHITECTURES -1 azj_newest)
string(REGEX REPLACE "[^0-9]" "" azj_ptx ${azj_newest})
set(AZJ_CUDA_DEFINITIONS AZJ_CUDA_MACHINE_CODE="${azj_machine_code}" AZJ_CUDA_PTX="${azj_ptx}")

set(AZJ_CUDA_FOUND FALSE)
if(AZJ_CUDA STREQUAL OFF)
  return()
endif()
if(AZJ_SANITIZE)
  message(STATUS "CUDA: left out of a sanitizer build, whose tests run the kernels on the emulation")
  return()
endif()

set(CMAKE_CUDA_ARCHITECTURES ${AZJ_CUDA_ARCHITECTURES})
list(TRANSFORM CMAKE_CUDA_ARCHITECTURES APPEND -real)
list(APPEND CMAKE_CUDA_ARCHITECTURES ${azj_ptx}-virtual)
include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  if(AZJ_CUDA STREQUAL ON)
    message(FATAL_ERROR "AZJ_CUDA is ON, but no nvcc was found; install the CUDA toolkit, put nvcc on the PATH, or set "
      "CMAKE_CUDA_COMPILER to it")
  endif()
  message(STATUS "CUDA: no nvcc, so libazulejo is built with the CPU backend only")
  return()
endif()
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_FLAGS_RELEASE "-O3")
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
message(STATUS "CUDA: nvcc ${CMAKE_CUDA_COMPILER_VERSION} for ${AZJ_CUDA_ARCHITECTURES} and PTX ${azj_ptx}")

# In its own folder, because here emulated.cmake says of the same .cu files that they are C++.
add_subdirectory(src/cuda)

set(AZJ_CUDA_FOUND TRUE)
set(AZJ_CUDA_OBJECTS $<TARGET_OBJECTS:azj_cuda> $<TARGET_OBJECTS:azj_cuda_hopper>)
# Static: at run time only the driver is needed, which cudart looks for itself, so that the library loads without one.
set(AZJ_CUDA_LIBRARIES CUDA::cudart_static)

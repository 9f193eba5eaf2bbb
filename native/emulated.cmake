# libazulejo_emulated.so: libazulejo.so with the sources of src/cuda compiled, unchanged, by the C++ compiler on the CUDA
# headers of emulation/, and the tests that execute them.

set(azj_emulated_kernels ${AZJ_CUDA_KERNEL_SOURCES} ${AZJ_CUDA_HOPPER_SOURCES})
set_source_files_properties(${azj_emulated_kernels} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS -xc++)

add_library(azj_emulated_backend OBJECT src/cuda/emulated_backend.cpp)
target_include_directories(azj_emulated_backend BEFORE PRIVATE emulation)
target_include_directories(azj_emulated_backend PRIVATE include src)

# Object libraries of src/cuda on the emulation, with compile options of their own; sets NAME_objects to all that a
# library of the emulated CUDA needs beside the common sources.
function(azj_add_emulated name)
  add_library(${name}_host OBJECT ${AZJ_CUDA_HOST_SOURCES})
  add_library(${name}_kernels OBJECT ${azj_emulated_kernels})
  target_compile_options(${name}_kernels PRIVATE ${AZJ_EMULATION_CHECK_FLAGS})
  foreach(part ${name}_host ${name}_kernels)
    # Before all others: <cuda_runtime.h> is emulation's even where a toolkit is installed.
    target_include_directories(${part} BEFORE PRIVATE emulation)
    target_include_directories(${part} PRIVATE include src)
    target_compile_definitions(${part} PRIVATE ${AZJ_CUDA_DEFINITIONS})
    target_compile_options(${part} PRIVATE -Wno-unknown-pragmas ${ARGN})
  endforeach()
  set(${name}_objects $<TARGET_OBJECTS:azj_emulated_backend> $<TARGET_OBJECTS:azj_emulation>
    $<TARGET_OBJECTS:${name}_host> $<TARGET_OBJECTS:${name}_kernels> PARENT_SCOPE)
endfunction()

azj_add_emulated(azj_cuda_emulated)
azj_add_library(azulejo_emulated ${azj_cuda_emulated_objects})
target_link_libraries(azulejo_emulated PRIVATE ${CMAKE_DL_LIBS})

# The tests below run, where there is gcov, on a second compilation that counts the lines they execute: once, not on both
# compilations. (The library proper is what the Java tests load.) coverage.sh adds up. Unoptimised, so that a count
# belongs to the line it stands for, and because that is the quickest to compile.
option(AZJ_COVERAGE "count the lines of src/cuda that the tests execute" ON)
find_program(AZJ_GCOV NAMES gcov)
if(AZJ_COVERAGE AND AZJ_GCOV AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT AZJ_SANITIZE)
  azj_add_emulated(azj_cuda_covered -O0 --coverage)
  azj_add_library(azulejo_emulated_covered ${azj_cuda_covered_objects})
  target_link_libraries(azulejo_emulated_covered PRIVATE ${CMAKE_DL_LIBS} --coverage)
  set(azj_tested_library azulejo_emulated_covered)
  set(azj_tested_objects ${azj_cuda_covered_objects})
  set(azj_tested_options --coverage)
  # Counts add up over runs: begin at zero.
  add_test(NAME cuda_coverage_reset COMMAND sh ${PROJECT_SOURCE_DIR}/coverage.sh reset ${PROJECT_BINARY_DIR})
  set_tests_properties(cuda_coverage_reset PROPERTIES FIXTURES_SETUP cuda_coverage)
else()
  set(azj_tested_library azulejo_emulated)
  set(azj_tested_objects ${azj_cuda_emulated_objects})
endif()

function(azj_add_cuda_test name executable timeout)
  add_test(NAME ${name} COMMAND ${executable})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout} FIXTURES_REQUIRED cuda_coverage)
endfunction()

# Tests of the run time. architectures.cpp is part of them once more: the library does not export it.
foreach(name cuda_runtime cuda_graph cuda_choice cuda_faults cuda_operations cuda_old_gpu cuda_workspace)
  add_executable(${name}_test tests/${name}_test.cpp src/cuda/architectures.cpp)
  target_include_directories(${name}_test PRIVATE src emulation)
  target_compile_definitions(${name}_test PRIVATE ${AZJ_CUDA_DEFINITIONS})
  if(AZJ_EMULATION_CHECK_FLAGS)
    target_compile_definitions(${name}_test PRIVATE AZJ_EMULATION_CHECKED)
  endif()
  target_link_libraries(${name}_test PRIVATE ${azj_tested_library} Threads::Threads)
  azj_add_cuda_test(${name} ${name}_test 300)
endforeach()
azj_add_cuda_test(cuda_runtime_sm_75 cuda_runtime_test 300)
set_tests_properties(cuda_old_gpu PROPERTIES ENVIRONMENT AZULEJO_EMULATION_CAPABILITY=70)
set_tests_properties(cuda_runtime_sm_75 PROPERTIES ENVIRONMENT AZULEJO_EMULATION_CAPABILITY=75)

# Tests of the kernels' launchers, which the library does not export: linked with all of its objects.
function(azj_add_launcher_test name)
  list(TRANSFORM ARGN PREPEND tests/)
  add_executable(${name}_test ${ARGN} ${AZJ_COMMON_OBJECTS} ${azj_tested_objects})
  target_include_directories(${name}_test BEFORE PRIVATE emulation)
  target_include_directories(${name}_test PRIVATE include src src/cuda)
  # GCC 12 at -O3 takes a moved-from std::vector for a pointer into the middle of an allocation.
  target_compile_options(${name}_test PRIVATE -Wno-unknown-pragmas -Wno-free-nonheap-object)
  target_link_libraries(${name}_test PRIVATE Threads::Threads ${CMAKE_DL_LIBS} ${azj_tested_options})
  azj_add_cuda_test(${name} ${name}_test 900)
endfunction()
azj_add_launcher_test(cuda_gemm_conv
  cuda_gemm_conv_test.cpp cuda_conv_special.cpp cuda_gemm_conv_ladder.cpp
  cuda_gemm_conv_passes.cpp)
azj_add_launcher_test(cuda_gemm_hopper cuda_gemm_hopper_test.cpp)
azj_add_launcher_test(cuda_conv_hopper cuda_conv_hopper_test.cpp)
azj_add_cuda_test(cuda_conv_hopper_sm_86 cuda_conv_hopper_test 300)
set_tests_properties(cuda_conv_hopper_sm_86 PROPERTIES ENVIRONMENT AZULEJO_EMULATION_CAPABILITY=86)
azj_add_launcher_test(cuda_conv_hopper_pool cuda_conv_hopper_pool_test.cpp)
azj_add_launcher_test(cuda_hopper_plan cuda_hopper_plan_test.cpp)
azj_add_launcher_test(cuda_bf16_gemm cuda_bf16_gemm_test.cpp)
azj_add_cuda_test(cuda_bf16_gemm_sm_80 cuda_bf16_gemm_test 300)
set_tests_properties(cuda_bf16_gemm_sm_80 PROPERTIES ENVIRONMENT AZULEJO_EMULATION_CAPABILITY=80)
azj_add_launcher_test(cuda_bf16_conv2d cuda_bf16_conv2d_test.cpp cuda_bf16_conv2d_contract.cpp)
azj_add_cuda_test(cuda_bf16_conv2d_sm_89 cuda_bf16_conv2d_test 300)
set_tests_properties(cuda_bf16_conv2d_sm_89 PROPERTIES ENVIRONMENT AZULEJO_EMULATION_CAPABILITY=89)
azj_add_launcher_test(cuda_bf16_conv2d_pool cuda_bf16_conv2d_pool_test.cpp)
azj_add_cuda_test(cuda_bf16_conv2d_pool_sm_80 cuda_bf16_conv2d_pool_test 300)
set_tests_properties(cuda_bf16_conv2d_pool_sm_80 PROPERTIES ENVIRONMENT AZULEJO_EMULATION_CAPABILITY=80)
azj_add_launcher_test(cuda_small_ops
  cuda_small_ops_test.cpp cuda_small_ops_conv2d_pool.cpp cuda_small_ops_elements.cpp cuda_small_ops_gather.cpp
  cuda_small_ops_optimizers.cpp cuda_small_ops_pool2d.cpp cuda_small_ops_random.cpp cuda_small_ops_rows.cpp)
azj_add_launcher_test(cuda_bf16_small
  cuda_bf16_small_test.cpp cuda_bf16_small_activation.cpp cuda_bf16_small_pack.cpp cuda_bf16_small_pool2d.cpp
  cuda_bf16_small_stream.cpp)

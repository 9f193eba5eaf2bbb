# libazulejo_emulated.so: libazulejo.so with the sources of src/cuda compiled, unchanged, by the C++ compiler on the CUDA
# headers of emulation/, and the tests that execute them.

set_source_files_properties(${AZJ_CUDA_KERNEL_SOURCES} PROPERTIES
  LANGUAGE CXX COMPILE_OPTIONS "-xc++;${AZJ_EMULATION_CHECK_FLAGS}")

add_library(azj_cuda_emulated OBJECT ${AZJ_CUDA_HOST_SOURCES} ${AZJ_CUDA_KERNEL_SOURCES})
# Before all others: <cuda_runtime.h> is emulation's even where a toolkit is installed.
target_include_directories(azj_cuda_emulated BEFORE PRIVATE emulation)
target_include_directories(azj_cuda_emulated PRIVATE include src)
target_compile_definitions(azj_cuda_emulated PRIVATE ${AZJ_CUDA_DEFINITIONS})
target_compile_options(azj_cuda_emulated PRIVATE -Wno-unknown-pragmas)

add_library(azj_emulated_backend OBJECT src/cuda/emulated_backend.cpp)
target_include_directories(azj_emulated_backend BEFORE PRIVATE emulation)
target_include_directories(azj_emulated_backend PRIVATE include src)

set(azj_emulated_objects
  $<TARGET_OBJECTS:azj_emulated_backend> $<TARGET_OBJECTS:azj_cuda_emulated> $<TARGET_OBJECTS:azj_emulation>)
azj_add_library(azulejo_emulated ${azj_emulated_objects})
target_link_libraries(azulejo_emulated PRIVATE ${CMAKE_DL_LIBS})

# Tests of the run time. architectures.cpp is part of them once more: the library does not export it.
foreach(name cuda_runtime cuda_graph cuda_faults cuda_operations)
  add_executable(${name}_test tests/${name}_test.cpp src/cuda/architectures.cpp)
  target_include_directories(${name}_test PRIVATE src emulation)
  target_compile_definitions(${name}_test PRIVATE ${AZJ_CUDA_DEFINITIONS})
  if(AZJ_EMULATION_CHECK_FLAGS)
    target_compile_definitions(${name}_test PRIVATE AZJ_EMULATION_CHECKED)
  endif()
  target_link_libraries(${name}_test PRIVATE azulejo_emulated Threads::Threads)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endforeach()
add_test(NAME cuda_runtime_sm_75 COMMAND cuda_runtime_test)
set_tests_properties(cuda_runtime_sm_75 PROPERTIES ENVIRONMENT AZULEJO_EMULATION_CAPABILITY=75)

# Tests of the kernels' launchers, which the library does not export: linked with all of its objects.
function(azj_add_launcher_test name)
  list(TRANSFORM ARGN PREPEND tests/)
  add_executable(${name}_test ${ARGN} ${AZJ_COMMON_OBJECTS} ${azj_emulated_objects})
  target_include_directories(${name}_test BEFORE PRIVATE emulation)
  target_include_directories(${name}_test PRIVATE include src src/cuda)
  # GCC 12 at -O3 takes a moved-from std::vector for a pointer into the middle of an allocation.
  target_compile_options(${name}_test PRIVATE -Wno-unknown-pragmas -Wno-free-nonheap-object)
  target_link_libraries(${name}_test PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT 900)
endfunction()
azj_add_launcher_test(cuda_gemm_conv cuda_gemm_conv_test.cpp cuda_gemm_conv_ladder.cpp cuda_gemm_conv_passes.cpp)
azj_add_launcher_test(cuda_small_ops
  cuda_small_ops_test.cpp cuda_small_ops_elements.cpp cuda_small_ops_gather.cpp cuda_small_ops_optimizers.cpp
  cuda_small_ops_pool2d.cpp cuda_small_ops_random.cpp cuda_small_ops_rows.cpp)

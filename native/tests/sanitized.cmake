# Builds the library and its tests with AddressSanitizer and UndefinedBehaviorSanitizer, and runs the tests.
# cmake -DSOURCE=... -DBUILD=... -DGENERATOR=... -DC=... -DCXX=... -DCTEST=... -DEMULATED=OFF -P sanitized.cmake
# -O1: what is looked for here does not need the loops to be fast, and the build takes half the time.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "failed: ${ARGN}")
  endif()
endfunction()

# EMULATED=ON adds the CUDA kernels on the emulation: minutes, so it is not part of every test run (docs/gpu.md).
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -G ${GENERATOR} -DAZJ_SANITIZE=ON -DAZJ_EMULATED=${EMULATED}
    -DCMAKE_BUILD_TYPE=Sanitized -DCMAKE_CXX_FLAGS_SANITIZED=-O1 -DCMAKE_C_COMPILER=${C} -DCMAKE_CXX_COMPILER=${CXX})
run(${CMAKE_COMMAND} --build ${BUILD} --parallel 2)
run(${CMAKE_COMMAND} -E chdir ${BUILD} ${CTEST} --output-on-failure)

# gcov has to see the lines of a kernel as it sees those of any function, with the memory checks compiled in.
#   cmake -DCXX=... -DGCOV=... -DINCLUDE=... -DLIBRARY=... -DSOURCE=... -DFLAGS=... -DWORK=... -P coverage.cmake
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND ${CXX} -std=c++17 -O0 --coverage -fprofile-update=atomic ${flags} -I${INCLUDE} -c ${SOURCE} -o case.o
  WORKING_DIRECTORY ${WORK} RESULT_VARIABLE compiled)
execute_process(COMMAND ${CXX} --coverage case.o ${LIBRARY} -ldl -pthread -o case
  WORKING_DIRECTORY ${WORK} RESULT_VARIABLE linked)
execute_process(COMMAND ${WORK}/case WORKING_DIRECTORY ${WORK} RESULT_VARIABLE ran)
execute_process(COMMAND ${GCOV} --stdout case.gcda WORKING_DIRECTORY ${WORK} OUTPUT_VARIABLE report)
if(NOT "${compiled}${linked}${ran}" STREQUAL "000")
  message(FATAL_ERROR "compile ${compiled}, link ${linked}, run ${ran}")
endif()
# 4 blocks of 96 threads, each marked line with the count it says.
file(STRINGS ${SOURCE} marked REGEX "// count ")
foreach(line IN LISTS marked)
  string(REGEX REPLACE ".*// count ([0-9]+).*" "\\1" wanted "${line}")
  string(REGEX REPLACE "^ *(.*) *// count.*" "\\1" code "${line}")
  string(FIND "${report}" "${code}" at)
  string(SUBSTRING "${report}" 0 ${at} before)
  string(REGEX MATCH " *([0-9#=*-]+): *[0-9]+: *$" ignored "${before}")
  if(NOT CMAKE_MATCH_1 STREQUAL wanted)
    message(FATAL_ERROR "gcov counts ${CMAKE_MATCH_1} instead of ${wanted} of: ${code}")
  endif()
endforeach()

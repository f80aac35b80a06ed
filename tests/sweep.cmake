# The fault sweep, which has each OpenCL call of a workload fail. Included by tests/CMakeLists.txt, after
# unit.cmake.
dovetail_is_tested(is_tested faults)
if(NOT is_tested OR NOT TARGET dovetail_layer OR NOT DOVETAIL_WITH_DLPACK)
  return()
endif()
set(sweep_sources
    fixture.cpp
    interop_sections.cpp
    one_run.cpp
    runtime_sections.cpp
    stream_sections.cpp
    sweep.cpp
    tensor_sections.cpp
    workload.cpp)
list(TRANSFORM sweep_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/faults/sweep/)
add_executable(dovetail_fault_sweep ${sweep_sources})
target_link_libraries(dovetail_fault_sweep PRIVATE dovetail_test_support)
target_include_directories(dovetail_fault_sweep SYSTEM PRIVATE ${DOVETAIL_DLPACK_INCLUDE_DIR})
dovetail_compile_options(dovetail_fault_sweep)
add_dependencies(dovetail_fault_sweep dovetail_layer dovetail_failing_layer)

# dovetail_sweep_test(<name> LABEL <label> TIMEOUT <seconds> [ARGUMENTS <argument>...])
function(dovetail_sweep_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;TIMEOUT" "ARGUMENTS")
  set(limit 60)
  if(DOVETAIL_SANITIZE)
    set(limit 600)
  endif()
  add_test(NAME ${name} COMMAND dovetail_fault_sweep --limit ${limit} ${arg_ARGUMENTS})
  set_tests_properties(
    ${name}
    PROPERTIES
      LABELS ${arg_LABEL}
      TIMEOUT ${arg_TIMEOUT}
      ENVIRONMENT DOVETAIL_CACHE_DIR=${CMAKE_CURRENT_BINARY_DIR}/cache
      ENVIRONMENT_MODIFICATION
        OPENCL_LAYERS=set:$<TARGET_FILE:dovetail_layer>:$<TARGET_FILE:dovetail_failing_layer>)
endfunction()

dovetail_sweep_test(sweep.sample LABEL faults TIMEOUT 600 ARGUMENTS --every 100)
dovetail_sweep_test(sweep.commands_sample LABEL faults TIMEOUT 600 ARGUMENTS --every 10 --commands)

option(DOVETAIL_SWEEP_TESTS "Make tests of the whole fault sweep; they take half an hour" OFF)
if(DOVETAIL_SWEEP_TESTS)
  dovetail_sweep_test(sweep.calls LABEL sweep TIMEOUT 0)
  dovetail_sweep_test(sweep.commands LABEL sweep TIMEOUT 0 ARGUMENTS --commands)
endif()

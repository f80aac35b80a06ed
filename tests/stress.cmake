# The stress program, which runs for as long as one likes. Included by tests/CMakeLists.txt.
dovetail_is_tested(is_tested stress)
if(NOT is_tested)
  return()
endif()
add_executable(dovetail_stress ${CMAKE_CURRENT_LIST_DIR}/stress/stress.cpp)
target_link_libraries(dovetail_stress PRIVATE dovetail_test_support)
dovetail_compile_options(dovetail_stress)

option(DOVETAIL_STRESS_TESTS "Make a test of the stress program; it takes ten minutes" OFF)
if(DOVETAIL_STRESS_TESTS)
  add_test(NAME stress COMMAND dovetail_stress)
  set_tests_properties(stress PROPERTIES LABELS stress TIMEOUT 0
                                         ENVIRONMENT DOVETAIL_CACHE_DIR=${CMAKE_CURRENT_BINARY_DIR}/cache)
  if(TARGET dovetail_layer)
    add_dependencies(dovetail_stress dovetail_layer)
    set_tests_properties(stress PROPERTIES ENVIRONMENT_MODIFICATION
                                           OPENCL_LAYERS=set:$<TARGET_FILE:dovetail_layer>)
  endif()
endif()

# Tests with other people's headers (label interop) and libraries (label foreign), each built where its
# package is installed. A test whose package is missing has a disabled ctest entry, so that nobody takes
# its absence for success. Included by tests/CMakeLists.txt, after unit.cmake.

# dovetail_interop_test(<name> <label> SOURCES <file>... [LIBRARIES <library>...] [INCLUDES <folder>...])
# Makes dovetail_<name>_test from tests/interop/<file>; the counting layer is loaded where it is built.
function(dovetail_interop_test name label)
  dovetail_is_tested(is_tested ${label})
  if(NOT is_tested)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;LIBRARIES;INCLUDES")
  set(target dovetail_${name}_test)
  list(TRANSFORM arg_SOURCES PREPEND ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/interop/)
  add_executable(${target} ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE dovetail_test_support GTest::gtest_main ${arg_LIBRARIES})
  target_include_directories(${target} SYSTEM PRIVATE ${arg_INCLUDES})
  dovetail_compile_options(${target})
  set(layer "")
  if(TARGET dovetail_layer)
    set(layer "OPENCL_LAYERS=set:$<TARGET_FILE:dovetail_layer>")
    add_dependencies(${target} dovetail_layer)
  endif()
  gtest_discover_tests(
    ${target}
    NO_PRETTY_VALUES # each instance has a name
    DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${label} TIMEOUT 300
               ENVIRONMENT DOVETAIL_CACHE_DIR=${CMAKE_CURRENT_BINARY_DIR}/cache
               ENVIRONMENT_MODIFICATION "${layer}")
  message(STATUS "Interop test ${name}: built")
endfunction()

# dovetail_interop_test_missing(<name> <package>)
function(dovetail_interop_test_missing name package)
  message(STATUS "Interop test ${name}: not built, needs ${package}")
  add_test(NAME interop.${name}.not_built COMMAND ${CMAKE_COMMAND} -E false)
  set_tests_properties(interop.${name}.not_built PROPERTIES DISABLED TRUE LABELS foreign)
endfunction()

if(DOVETAIL_WITH_DLPACK)
  dovetail_interop_test(
    dlpack interop
    SOURCES dlpack_export_test.cpp dlpack_host_import_test.cpp dlpack_import_test.cpp dlpack_order_test.cpp
    INCLUDES ${DOVETAIL_DLPACK_INCLUDE_DIR})
else()
  dovetail_interop_test(dlpack interop SOURCES no_dlpack_test.cpp)
endif()

# Debian's package for CMake wants far more than is used here.
find_path(TORCH_INCLUDE_DIR ATen/DLConvertor.h)
find_library(TORCH_CPU_LIBRARY torch_cpu)
find_library(TORCH_C10_LIBRARY c10)
mark_as_advanced(TORCH_INCLUDE_DIR TORCH_CPU_LIBRARY TORCH_C10_LIBRARY)
if(DOVETAIL_WITH_DLPACK AND TORCH_INCLUDE_DIR AND TORCH_CPU_LIBRARY AND TORCH_C10_LIBRARY)
  dovetail_interop_test(
    dlpack_torch foreign
    SOURCES dlpack_torch_test.cpp
    INCLUDES ${TORCH_INCLUDE_DIR}
    LIBRARIES ${TORCH_CPU_LIBRARY} ${TORCH_C10_LIBRARY})
else()
  dovetail_interop_test_missing(dlpack_torch "libtorch-dev, and a build with DLPack")
endif()

if(DOVETAIL_WITH_CLBLAST)
  dovetail_interop_test(foreign_clblast foreign SOURCES clblast_test.cpp LIBRARIES clblast)
else()
  dovetail_interop_test_missing(foreign_clblast "DOVETAIL_WITH_CLBLAST")
endif()

find_path(BOOST_COMPUTE_INCLUDE_DIR boost/compute/core.hpp)
find_path(VIENNACL_INCLUDE_DIR viennacl/version.hpp)
mark_as_advanced(BOOST_COMPUTE_INCLUDE_DIR VIENNACL_INCLUDE_DIR)
if(BOOST_COMPUTE_INCLUDE_DIR)
  dovetail_interop_test(
    foreign_boost_compute foreign
    SOURCES boost_compute_test.cpp
    INCLUDES ${BOOST_COMPUTE_INCLUDE_DIR})
else()
  dovetail_interop_test_missing(foreign_boost_compute libboost-dev)
endif()
if(VIENNACL_INCLUDE_DIR)
  dovetail_interop_test(
    foreign_viennacl foreign
    SOURCES viennacl_test.cpp
    INCLUDES ${VIENNACL_INCLUDE_DIR})
else()
  dovetail_interop_test_missing(foreign_viennacl libviennacl-dev)
endif()

if(TARGET dovetail_share_queue AND DOVETAIL_PYOPENCL_PYTHON)
  add_test(NAME interop.pyopencl
           COMMAND ${DOVETAIL_PYOPENCL_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/interop/pyopencl_test.py
                   $<TARGET_FILE:dovetail_share_queue>)
  set_tests_properties(
    interop.pyopencl
    PROPERTIES LABELS foreign TIMEOUT 120
               ENVIRONMENT "DOVETAIL_CACHE_DIR=${CMAKE_CURRENT_BINARY_DIR}/cache;PYOPENCL_NO_CACHE=1")
  message(STATUS "Interop test pyopencl: built")
else()
  dovetail_interop_test_missing(pyopencl "python3-pyopencl, and shared examples")
endif()

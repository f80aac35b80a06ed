# One step of the consumer tests, run as a script; tests/package/CMakeLists.txt says with what.
cmake_minimum_required(VERSION 3.25)

set(prefix ${WORK}/${KIND}/prefix)
set(configure ${CMAKE_COMMAND} -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${CXX}
              -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
if(KIND STREQUAL "shared")
  set(is_shared ON)
else()
  set(is_shared OFF)
endif()

# Runs a command and stops the test if it fails.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Compiles a consumer with CMake and runs it.
function(build_and_run project)
  set(build ${WORK}/${KIND}/${STEP})
  file(REMOVE_RECURSE ${build})
  run(${configure} -D CMAKE_BUILD_TYPE=Debug -S ${CMAKE_CURRENT_LIST_DIR}/${project} -B ${build} ${ARGN})
  run(${CMAKE_COMMAND} --build ${build} --parallel 2)
  run(${build}/consumer)
endfunction()

function(step_install)
  set(components runtime development)
  if(is_shared AND BUILD_IS_SHARED OR NOT is_shared AND NOT BUILD_IS_SHARED)
    set(build ${BUILD})
    set(build_type ${BUILD_TYPE})
    list(APPEND components layer tools)
  else()
    set(build ${WORK}/${KIND}/library)
    set(build_type Debug)
    run(${configure} -D CMAKE_BUILD_TYPE=${build_type} -D BUILD_SHARED_LIBS=${is_shared}
        -D DOVETAIL_WITH_CLBLAST=${WITH_CLBLAST} -D DOVETAIL_WITH_DLPACK=${WITH_DLPACK}
        -D DOVETAIL_DLPACK_INCLUDE_DIR=${DLPACK_INCLUDE_DIR} -D DOVETAIL_BUILD_TOOLS=OFF -D DOVETAIL_BUILD_LAYER=OFF
        -D DOVETAIL_BUILD_TESTS=OFF -D DOVETAIL_BUILD_BENCHMARKS=OFF -D DOVETAIL_BUILD_EXAMPLES=OFF -S ${SOURCE}
        -B ${build})
    run(${CMAKE_COMMAND} --build ${build} --parallel 2)
  endif()

  # Installed in one place and used from another, so that no file may name the first. The
  # components are named, so that the consumers fail if one of them lacks a file.
  set(staging ${WORK}/${KIND}/staging)
  file(REMOVE_RECURSE ${staging} ${prefix})
  foreach(component IN LISTS components)
    run(${CMAKE_COMMAND} --install ${build} --prefix ${staging} --component ${component} --config ${build_type})
  endforeach()
  file(RENAME ${staging} ${prefix})
  if(EXISTS ${prefix}/bin/dovetail)
    run(${prefix}/bin/dovetail info)
  endif()

  file(GLOB_RECURSE texts ${prefix}/*.cmake ${prefix}/*.pc ${prefix}/*.hpp ${prefix}/*.h)
  foreach(text IN LISTS texts)
    file(STRINGS ${text} lines)
    foreach(place IN ITEMS ${staging} ${SOURCE} ${build})
      string(FIND "${lines}" "${place}" at)
      if(NOT at EQUAL -1)
        message(SEND_ERROR "${text} names ${place}")
      endif()
    endforeach()
  endforeach()
endfunction()

function(step_find_package)
  build_and_run(find_package -D CMAKE_PREFIX_PATH=${prefix})
endfunction()

function(step_add_subdirectory)
  build_and_run(add_subdirectory -D DOVETAIL_SOURCE=${SOURCE} -D BUILD_SHARED_LIBS=${is_shared}
                -D DOVETAIL_WITH_CLBLAST=${WITH_CLBLAST} -D DOVETAIL_WITH_DLPACK=${WITH_DLPACK}
                -D DOVETAIL_DLPACK_INCLUDE_DIR=${DLPACK_INCLUDE_DIR})
endfunction()

# pkg_config(<result> <argument>...): what pkg-config says of the installed library, as a list.
function(pkg_config result)
  find_program(PKG_CONFIG NAMES pkg-config pkgconf REQUIRED)
  file(GLOB_RECURSE package ${prefix}/*/dovetail.pc)
  cmake_path(GET package PARENT_PATH package_dir)
  set(ENV{PKG_CONFIG_PATH} ${package_dir})
  execute_process(
    COMMAND ${PKG_CONFIG} ${ARGN} dovetail
    OUTPUT_VARIABLE output
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(output UNIX_COMMAND "${output}")
  set(${result} ${output} PARENT_SCOPE)
endfunction()

# A plain compiler command, as in a Makefile.
function(step_pkg_config)
  if(is_shared)
    pkg_config(flags --cflags --libs)
    pkg_config(libdir --variable=libdir)
    list(APPEND flags -Wl,-rpath,${libdir})
  else()
    pkg_config(flags --static --cflags --libs)
  endif()
  set(program ${WORK}/${KIND}/pkg_config_consumer)
  run(${CXX} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/consumer.cpp ${flags} -o ${program})
  run(${program})
endfunction()

# Another compiler than the library's: each header alone, then a program.
function(step_clang)
  pkg_config(flags --cflags)
  file(GLOB_RECURSE headers ${prefix}/include/dovetail/*.hpp)
  run(${CLANG} -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -x c++-header ${flags} ${headers})
  set(configure ${CMAKE_COMMAND} -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${CLANG})
  build_and_run(find_package -D CMAKE_PREFIX_PATH=${prefix})
endfunction()

cmake_language(CALL step_${STEP})

# Every public header compiles alone: one source for each, which includes it and nothing else. The
# umbrella header includes them all, none is longer than its bound, and docs/reference.md lists what
# they declare. Included by tests/CMakeLists.txt.
get_target_property(headers dovetail HEADER_SET)
get_target_property(roots dovetail HEADER_DIRS)
set(sources "")
foreach(header IN LISTS headers)
  foreach(root IN LISTS roots)
    cmake_path(IS_PREFIX root ${header} NORMALIZE is_below)
    if(is_below)
      cmake_path(RELATIVE_PATH header BASE_DIRECTORY ${root} OUTPUT_VARIABLE name)
      set(source ${CMAKE_CURRENT_BINARY_DIR}/headers/${name}.cpp)
      file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${name}\"\n")
      list(APPEND sources ${source})
      break()
    endif()
  endforeach()
endforeach()

add_library(dovetail_headers OBJECT ${sources})
target_link_libraries(dovetail_headers PRIVATE Dovetail::dovetail)
dovetail_compile_options(dovetail_headers)

add_test(NAME headers.umbrella_has_all COMMAND ${CMAKE_CURRENT_LIST_DIR}/headers/check_umbrella.sh ${PROJECT_SOURCE_DIR})
get_target_property(opencl_folders OpenCL::OpenCL INTERFACE_INCLUDE_DIRECTORIES)
list(TRANSFORM opencl_folders PREPEND "-idirafter")
set(preprocessor ${CMAKE_CXX_COMPILER} -I${PROJECT_BINARY_DIR}/include ${opencl_folders}
                 "-D$<JOIN:$<TARGET_PROPERTY:dovetail,INTERFACE_COMPILE_DEFINITIONS>,;-D>")
add_test(
  NAME headers.lines_are_bounded
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/headers/check_lines.sh ${PROJECT_SOURCE_DIR} "${preprocessor}"
  COMMAND_EXPAND_LISTS)
find_program(DOVETAIL_PYTHON python3)
mark_as_advanced(DOVETAIL_PYTHON)
add_test(
  NAME headers.reference_lists_all
  COMMAND ${DOVETAIL_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/headers/check_reference.py ${PROJECT_SOURCE_DIR} "${preprocessor}"
  COMMAND_EXPAND_LISTS)
set_tests_properties(headers.umbrella_has_all headers.lines_are_bounded headers.reference_lists_all
                     PROPERTIES LABELS headers TIMEOUT 300)
if(NOT DOVETAIL_PYTHON)
  set_tests_properties(headers.reference_lists_all PROPERTIES DISABLED TRUE)
endif()

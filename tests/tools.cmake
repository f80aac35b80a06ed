# Tests of the command-line tool: its parts linked in, and the program as a user runs it. Included by
# tests/CMakeLists.txt.
dovetail_is_tested(is_tested tools)
if(NOT DOVETAIL_BUILD_TOOLS OR NOT is_tested)
  return()
endif()
find_package(nlohmann_json REQUIRED)

dovetail_unit_test(
  tools
  SOURCES
    advice_test.cpp
    command_matmul_test.cpp
    command_test.cpp
    output_file_test.cpp
    page_test.cpp
    peak_test.cpp
    reference_test.cpp
    requests_test.cpp
    results_test.cpp
    shapes_test.cpp
    spread_test.cpp
    terminal_test.cpp
    tune_test.cpp
  VARIABLES DOVETAIL_TOOL=set:$<TARGET_FILE:dovetail_tool>)
target_link_libraries(dovetail_tools_test PRIVATE dovetail_tool_parts)
target_compile_definitions(dovetail_tools_test
                           PRIVATE DOVETAIL_TEST_KERNELS="${PROJECT_SOURCE_DIR}/kernels")
add_dependencies(dovetail_tools_test dovetail_tool)

add_executable(dovetail_check_report ${CMAKE_CURRENT_LIST_DIR}/tools/check_report.cpp)
target_link_libraries(dovetail_check_report PRIVATE fmt::fmt nlohmann_json::nlohmann_json)
dovetail_compile_options(dovetail_check_report)

# One test executable per layer, and one ctest case per test. Included by tests/CMakeLists.txt, after
# find_package(GTest).
include(GoogleTest)

# What the user of this machine has tuned must not change what is tested; ctest runs this file.
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/environment.cmake "set(ENV{DOVETAIL_TUNING_FILE} /dev/null)\n")
set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${CMAKE_CURRENT_BINARY_DIR}/environment.cmake)

set(support_sources
    before_build.cpp
    call_counts.cpp
    child_process.cpp
    driver_probe.cpp
    failing_call.cpp
    failing_queues.cpp
    fault.cpp
    forked_child.cpp
    gate.cpp
    matrices.cpp)
list(TRANSFORM support_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/support/)
# What the library's order and its products are compared with.
set(oracle_sources
    drawn_matrices.cpp
    drawn_product.cpp
    matmul_bound.cpp
    matmul_data.cpp
    matmul_run.cpp
    model_program.cpp
    model_step.cpp
    model_thread.cpp
    model_world.cpp
    order_checker.cpp
    order_graph.cpp)
list(TRANSFORM oracle_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/oracles/)
add_library(dovetail_test_support STATIC ${support_sources} ${oracle_sources})
target_include_directories(dovetail_test_support PUBLIC ${CMAKE_CURRENT_LIST_DIR}/..)
target_link_libraries(dovetail_test_support PUBLIC Dovetail::dovetail GTest::gtest ${CMAKE_DL_LIBS})
dovetail_compile_options(dovetail_test_support)

# dovetail_unit_test(<layer> SOURCES <file>... [VARIABLES <modification>...])
# Makes dovetail_<layer>_test from tests/<layer>/<file>; VARIABLES as in ENVIRONMENT_MODIFICATION.
function(dovetail_unit_test layer)
  dovetail_is_tested(is_tested ${layer})
  if(NOT is_tested)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;VARIABLES")
  set(target dovetail_${layer}_test)
  list(TRANSFORM arg_SOURCES PREPEND ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${layer}/)
  add_executable(${target} ${arg_SOURCES})
  set(timeout 120)
  if(layer MATCHES "^(ops|layer|tools)$")
    set(timeout 600) # with the driver's cache cold, PoCL compiles over a hundred kernels for some
  endif()
  if(DOVETAIL_SANITIZE)
    math(EXPR timeout "4 * ${timeout}")
  endif()
  target_link_libraries(${target} PRIVATE dovetail_test_support GTest::gtest_main)
  dovetail_compile_options(${target})
  gtest_discover_tests(
    ${target}
    NO_PRETTY_VALUES # each instance has a name
    DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${layer}
               TIMEOUT ${timeout}
               ENVIRONMENT DOVETAIL_CACHE_DIR=${CMAKE_CURRENT_BINARY_DIR}/cache
               ENVIRONMENT_MODIFICATION "${arg_VARIABLES}")
endfunction()

dovetail_unit_test(
  core
  SOURCES
    build_log_test.cpp
    context_test.cpp
    device_test.cpp
    dtype_test.cpp
    error_test.cpp
    file_test.cpp
    float16_test.cpp
    fork_guard_test.cpp
    layout_drawn_test.cpp
    layout_test.cpp
    shape_test.cpp)
dovetail_unit_test(
  oracles
  SOURCES
    order_checker_test.cpp)
dovetail_unit_test(
  stream
  SOURCES
    buffer_test.cpp
    current_stream_test.cpp
    event_test.cpp
    explain_test.cpp
    failure_reset_test.cpp
    failure_test.cpp
    hazard_test.cpp
    lifetime_test.cpp
    memory_pool_failure_test.cpp
    memory_pool_order_test.cpp
    memory_pool_recovery_test.cpp
    memory_pool_test.cpp
    order_model_test.cpp
    order_test.cpp
    order_threads_test.cpp
    peer_test.cpp
    process_exit_test.cpp
    recording_progress_test.cpp
    stream_end_test.cpp
    stream_lease_test.cpp
    stream_lease_waiters_test.cpp
    stream_pool_test.cpp
    stream_test.cpp
    time_out_test.cpp
    timed_event_test.cpp
    timing_queue_test.cpp
    verdict_test.cpp
    wait_test.cpp
    with_queue_test.cpp)
dovetail_unit_test(
  runtime
  SOURCES
    build_options_test.cpp
    capture_test.cpp
    field_test.cpp
    header_race_test.cpp
    include_scan_test.cpp
    kernel_argument_test.cpp
    kernel_pointee_test.cpp
    kernel_test.cpp
    launch_limits_test.cpp
    moved_handle_arguments_test.cpp
    moved_handle_test.cpp
    moved_memory_test.cpp
    nd_range_test.cpp
    program_cache_includes_test.cpp
    program_cache_test.cpp
    program_test.cpp
    recording_arguments_test.cpp
    recording_fork_test.cpp
    recording_test.cpp
    runtime_peer_test.cpp
    runtime_queue_test.cpp
    runtime_test.cpp
    spirv_test.cpp
    unsubmitted_test.cpp
    work_group_test.cpp)
dovetail_unit_test(
  tensor
  SOURCES
    tensor_test.cpp
    tensor_views_test.cpp)
dovetail_unit_test(
  ops
  SOURCES
    copy_test.cpp
    elementwise_operands_test.cpp
    elementwise_test.cpp
    kernel_cache_test.cpp
    kernel_warnings_test.cpp
    matmul_epilogue_test.cpp
    matmul_gpu_kernels_test.cpp
    matmul_matrix_test.cpp
    matmul_order_test.cpp
    matmul_plan_cpu_test.cpp
    matmul_plan_gpu_test.cpp
    matmul_refusal_overlap_test.cpp
    matmul_refusal_test.cpp
    matmul_test.cpp
    matmul_threads_test.cpp
    matmul_tuning_file_test.cpp
    matmul_tuning_test.cpp
    matmul_view_test.cpp
    matmul_vendor_test.cpp
    matrix_view_test.cpp
    packed_matrix_test.cpp
    pointwise_layout_test.cpp
    softmax_test.cpp
    tuning_table_test.cpp)
dovetail_unit_test(
  interop
  SOURCES
    field_tensor_test.cpp
    lifetime_test.cpp
    queue_handle_test.cpp)
if(TARGET dovetail_layer)
  dovetail_unit_test(
  layer
  SOURCES
    call_counts_stream_test.cpp
    call_counts_test.cpp
    entry_points_test.cpp
    failed_stream_test.cpp
    foreign_work_test.cpp
    hand_over_peer_test.cpp
    hand_over_test.cpp
    interposed_test.cpp
    matmul_batched_test.cpp
    matmul_calls_test.cpp
    ordering_matrix_test.cpp
    recording_calls_test.cpp
    synchronize_test.cpp
  VARIABLES
    OPENCL_LAYERS=set:$<TARGET_FILE:dovetail_layer>)
endif()
if(TARGET dovetail_layer_test)
  add_dependencies(dovetail_layer_test dovetail_layer)
endif()

# The layer by which OpenCL calls fail, for the tests of what the library does then.
dovetail_is_tested(is_tested faults)
if(is_tested)
  add_library(dovetail_failing_layer MODULE ${CMAKE_CURRENT_LIST_DIR}/support/failing_layer/failing_layer.cpp)
  target_compile_features(dovetail_failing_layer PRIVATE cxx_std_20)
  target_include_directories(dovetail_failing_layer PRIVATE ${PROJECT_SOURCE_DIR})
  target_include_directories(dovetail_failing_layer SYSTEM PRIVATE ${OpenCL_INCLUDE_DIRS})
  target_link_options(dovetail_failing_layer PRIVATE "LINKER:-soname,libDovetailFailingLayer.so"
                      "LINKER:-z,nodelete")
  set_target_properties(
    dovetail_failing_layer
    PROPERTIES PREFIX lib
               OUTPUT_NAME DovetailFailingLayer
               CXX_EXTENSIONS OFF
               CXX_VISIBILITY_PRESET hidden
               VISIBILITY_INLINES_HIDDEN ON)
  set(fault_sources device_test.cpp program_test.cpp stream_end_test.cpp wait_test.cpp)
  if(DOVETAIL_WITH_DLPACK)
    list(APPEND fault_sources dlpack_test.cpp)
  endif()
  dovetail_unit_test(
    faults
    SOURCES ${fault_sources}
    VARIABLES
      OPENCL_LAYERS=set:$<TARGET_FILE:dovetail_failing_layer>)
  add_dependencies(dovetail_faults_test dovetail_failing_layer)
  if(DOVETAIL_WITH_DLPACK)
    target_include_directories(dovetail_faults_test SYSTEM PRIVATE ${DOVETAIL_DLPACK_INCLUDE_DIR})
  endif()
endif()

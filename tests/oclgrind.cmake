# Products under Oclgrind, a simulator that sees accesses outside buffers and races. Included by
# tests/CMakeLists.txt.
add_executable(dovetail_oclgrind_products ${CMAKE_CURRENT_LIST_DIR}/oclgrind/products.cpp
                                          ${CMAKE_CURRENT_LIST_DIR}/oclgrind/device_type.cpp)
# Its own entry point must be seen by the library.
set_target_properties(dovetail_oclgrind_products PROPERTIES ENABLE_EXPORTS ON)
target_link_libraries(dovetail_oclgrind_products PRIVATE Dovetail::dovetail ${CMAKE_DL_LIBS})
dovetail_compile_options(dovetail_oclgrind_products)
foreach(type cpu gpu)
  add_test(NAME oclgrind.${type}
           COMMAND ${CMAKE_CURRENT_LIST_DIR}/oclgrind/run.sh $<TARGET_FILE:dovetail_oclgrind_products>
                   ${type})
  set_tests_properties(oclgrind.${type} PROPERTIES LABELS oclgrind SKIP_RETURN_CODE 77 TIMEOUT 300)
endforeach()

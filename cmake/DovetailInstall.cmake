# Install rules: the library, its headers, the CMake package and the pkg-config file.
#
# Components: runtime (the shared library), development (headers, the name to link by or the static
# library, both package files), tools (the program); layer/ installs the component layer itself.
# Whatever is installed finds the rest relative to itself, so that the prefix may be moved.
include(CMakePackageConfigHelpers)

set(DOVETAIL_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/Dovetail)

install(
  TARGETS dovetail
  EXPORT DovetailTargets
  RUNTIME COMPONENT runtime
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development
  FILE_SET HEADERS COMPONENT development)
if(TARGET dovetail_tool)
  file(RELATIVE_PATH libdir_from_bindir ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  set_target_properties(dovetail_tool PROPERTIES INSTALL_RPATH "$ORIGIN/${libdir_from_bindir}")
  install(TARGETS dovetail_tool RUNTIME COMPONENT tools)
endif()
install(
  EXPORT DovetailTargets
  NAMESPACE Dovetail::
  DESTINATION ${DOVETAIL_INSTALL_CMAKEDIR}
  COMPONENT development)

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/DovetailConfig.cmake.in ${PROJECT_BINARY_DIR}/cmake/DovetailConfig.cmake
  INSTALL_DESTINATION ${DOVETAIL_INSTALL_CMAKEDIR}
  NO_SET_AND_CHECK_MACRO)
# Below 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cmake/DovetailConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(
  FILES ${PROJECT_BINARY_DIR}/cmake/DovetailConfig.cmake
        ${PROJECT_BINARY_DIR}/cmake/DovetailConfigVersion.cmake
  DESTINATION ${DOVETAIL_INSTALL_CMAKEDIR}
  COMPONENT development)

# pkg-config: the prefix is where the .pc file lies, less the way from the prefix to it.
set(DOVETAIL_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
cmake_path(IS_ABSOLUTE DOVETAIL_PC_DIR DOVETAIL_PC_FIXED)
if(DOVETAIL_PC_FIXED)
  set(DOVETAIL_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
else()
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}/${DOVETAIL_PC_DIR}
             OUTPUT_VARIABLE DOVETAIL_PC_PREFIX)
  string(PREPEND DOVETAIL_PC_PREFIX "\${pcfiledir}/")
endif()
foreach(dir IN ITEMS LIBDIR INCLUDEDIR)
  cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_${dir} BASE_DIRECTORY "\${prefix}"
             OUTPUT_VARIABLE DOVETAIL_PC_${dir})
endforeach()

# A shared library finds what it needs by itself; a static one leaves it to the final link.
get_target_property(DOVETAIL_PC_DEFINITIONS dovetail INTERFACE_COMPILE_DEFINITIONS)
set(DOVETAIL_PC_REQUIRES_PRIVATE "")
set(DOVETAIL_PC_LIBS_PRIVATE "")
if(NOT BUILD_SHARED_LIBS)
  set(DOVETAIL_PC_REQUIRES_PRIVATE fmt)
  if(DOVETAIL_WITH_CLBLAST)
    string(APPEND DOVETAIL_PC_REQUIRES_PRIVATE ", clblast")
  endif()
  set(DOVETAIL_PC_LIBS_PRIVATE -pthread)
endif()
list(TRANSFORM DOVETAIL_PC_DEFINITIONS PREPEND "-D")
list(JOIN DOVETAIL_PC_DEFINITIONS " " DOVETAIL_PC_DEFINITIONS)

configure_file(${PROJECT_SOURCE_DIR}/cmake/dovetail.pc.in ${PROJECT_BINARY_DIR}/cmake/dovetail.pc @ONLY)
install(
  FILES ${PROJECT_BINARY_DIR}/cmake/dovetail.pc
  DESTINATION ${DOVETAIL_PC_DIR}
  COMPONENT development)

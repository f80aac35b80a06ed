# Warnings and sanitizers for Dovetail's own targets; nothing here reaches a consumer.

function(dovetail_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(
    ${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
                      # GCC 12 takes "x" + string for an overlapping copy (its bug 105651).
                      $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
                      -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=
                      $<$<BOOL:${DOVETAIL_WARNINGS_AS_ERRORS}>:-Werror>)
  if(DOVETAIL_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${DOVETAIL_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(${target} PRIVATE -fsanitize=${DOVETAIL_SANITIZE})
  endif()
endfunction()

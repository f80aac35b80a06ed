# Embeds text files into a target as a generated C++ source, byte for byte.
#
#   dovetail_embed(<target> NAMESPACE <ns> BASE <dir> FILES <file>...)
#
# gives the target `std::span<const <ns>::EmbeddedFile> <ns>::embedded_files()`, each with the file's
# path relative to BASE and its contents. The consumer declares both (see lib/runtime/embedded_kernels.hpp).
set(DOVETAIL_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/EmbedFiles.cmake)

function(dovetail_embed target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "NAMESPACE;BASE;HEADER" "FILES")
  string(MAKE_C_IDENTIFIER "${arg_NAMESPACE}" stem)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_${stem}.cpp)
  list(TRANSFORM arg_FILES PREPEND ${arg_BASE}/ OUTPUT_VARIABLE inputs)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${output}" "-DNAMESPACE=${arg_NAMESPACE}" "-DBASE=${arg_BASE}"
            "-DHEADER=${arg_HEADER}" "-DFILES=${arg_FILES}" -P ${DOVETAIL_EMBED_SCRIPT}
    DEPENDS ${inputs} ${DOVETAIL_EMBED_SCRIPT}
    COMMENT "Embedding files into ${target}"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()

// SPDX-License-Identifier: Apache-2.0
// Dovetail's own kernels, embedded in the library at build.
#pragma once

#include <span>
#include <string_view>

#include "dovetail/core/export.hpp"
#include "dovetail/runtime/build_options.hpp"
#include "dovetail/runtime/kernel.hpp"

namespace dovetail::detail {

struct EmbeddedFile {
  std::string_view path;  ///< In the repository, such as "kernels/reduce/softmax.cl".
  std::string_view text;
};

/// Returns all of them; defined in the source that CMake generates.
std::span<const EmbeddedFile> embedded_files();

/// Returns the text of a file as it was built in.
/// @throws InvalidArgument  there is no such file.
DOVETAIL_EXPORT std::string_view embedded_text(std::string_view path);

/// Returns the text of kernels/`name` after a #line, so that build logs point at the file, with the
/// files that it includes in their places. Reads kernels from the folder that DOVETAIL_KERNEL_DIR
/// names, if it is set, for work on kernels without a rebuild.
/// @throws InvalidArgument  there is no such kernel file.
DOVETAIL_EXPORT ProgramSource kernel_source(std::string_view name);

/// Builds the kernel `name` of kernels/`file` with `options`; the context's ProgramCache keeps the
/// program.
Kernel build_kernel(const Context& context, std::string_view file, std::string_view name,
                    const BuildOptions& options);

}  // namespace dovetail::detail

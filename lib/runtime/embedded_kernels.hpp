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
  std::string_view path;  ///< Below kernels/, such as "ops/softmax.cl".
  std::string_view text;
};

/// All of them; defined in the source that CMake generates.
std::span<const EmbeddedFile> embedded_files();

/// The text of kernels/`path` as it was built in.
/// @throws InvalidArgument  there is no such file.
DOVETAIL_EXPORT std::string_view embedded_text(std::string_view path);

/// The text of kernels/`path` behind a #line, so that build logs point at the file, with the files
/// of kernels/ that it includes in their places. Read from the folder that DOVETAIL_KERNEL_DIR
/// names, if it is set, for work on kernels without a rebuild.
/// @throws InvalidArgument  there is no such kernel file.
DOVETAIL_EXPORT ProgramSource kernel_source(std::string_view path);

/// The kernel `name` of kernels/`path`, built with `options`; kept by the context, so that a second
/// call is a look-up.
Kernel embedded_kernel(const Context& context, std::string_view path, std::string_view name,
                       const BuildOptions& options);

}  // namespace dovetail::detail

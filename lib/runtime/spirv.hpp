// SPDX-License-Identifier: Apache-2.0
// Programs from SPIR-V.
#pragma once

#include <CL/cl.h>

#include <span>
#include <string_view>

#include "dovetail/core/device.hpp"
#include "dovetail/runtime/specialization_constants.hpp"
#include "lib/core/opencl_release.hpp"

namespace dovetail::detail {

/// @return  A program that is not built yet.
/// @throws InvalidArgument  `module` is no SPIR-V; the device takes none; a constant is not in the
///                          module or of another size.
Owned<cl_program> create_spirv_program(cl_context context, const Device& device,
                                       std::string_view name, std::span<const unsigned char> module,
                                       const SpecializationConstants& constants);

}  // namespace dovetail::detail

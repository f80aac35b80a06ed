// SPDX-License-Identifier: Apache-2.0
// Checks a launch's arguments against the kernel's signature.
#pragma once

#include <CL/cl.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dovetail/runtime/kernel_argument.hpp"
#include "dovetail/runtime/kernel_signature.hpp"
#include "dovetail/stream/memory_use.hpp"

namespace dovetail::detail {

/// A bit for each DType.
using DTypes = std::uint16_t;

/// What an argument is checked against at each launch, worked out once from the signature.
struct ParameterCheck {
  bool known;  ///< The driver told the signature.
  KernelArgument::Kind kind;
  std::size_t nbytes;  ///< Of a value; 0 for a struct or an opaque type, whose size OpenCL checks.
  bool floating;
  bool opaque;      ///< An image, a sampler, a pipe or a queue.
  Access access;    ///< Unless the caller declares another.
  DTypes elements;  ///< What the memory that it points to may hold.

  explicit ParameterCheck(const KernelParameter& parameter);
};

/// Whether it is a cl_mem that was given as such.
inline bool is_raw(const KernelArgument& argument) noexcept {
  return argument.memory() != nullptr && argument.handle().serial == 0;
}

/// "[Kernel 'scale'] argument 1, 'float factor',".
std::string argument_label(const KernelSignature& signature, std::size_t index);

/// "a value", "a buffer" or "local memory".
std::string_view kind_name(KernelArgument::Kind kind);

/// @param context  The kernel's.
/// @throws InvalidArgument  the kernel cannot take `given` as its argument `index`.
void check_argument(const KernelSignature& signature, std::size_t index,
                    const ParameterCheck& check, const KernelArgument& given, cl_context context);

}  // namespace dovetail::detail

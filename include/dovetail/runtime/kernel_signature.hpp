// SPDX-License-Identifier: Apache-2.0
// The parameters of a kernel.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// The address space of a parameter; `unknown` if the driver does not report it.
enum class AddressSpace : unsigned char { unknown, private_, global, constant, local };

/// A parameter of a kernel, as OpenCL C declares it.
struct KernelParameter {
  std::string name;
  std::string type;  ///< Such as "float*" or "uint4"; the type of a pipe begins with "pipe ".
  AddressSpace address_space = AddressSpace::unknown;
  /// Pointer to const, also through a typedef: the kernel only reads. A const pointer, `restrict`
  /// and `volatile` do not count.
  bool is_const = false;
};

/// A kernel's name and parameters.
struct KernelSignature {
  std::string name;
  std::vector<KernelParameter> parameters;
};

/// Returns the bytes of an OpenCL C scalar or vector type such as "uint4"; 0 for other types.
DOVETAIL_EXPORT std::size_t size_of_opencl_type(std::string_view type) noexcept;

}  // namespace dovetail

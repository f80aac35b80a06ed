// SPDX-License-Identifier: Apache-2.0
// What a kernel says of its parameters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"

namespace dovetail {

enum class AddressSpace : unsigned char { unknown, private_, global, constant, local };

/// One parameter of a kernel, as OpenCL C declares it.
struct KernelParameter {
  std::string name;
  std::string type;  ///< Such as "float*" or "uint4"; a pipe's begins with "pipe ".
  AddressSpace address_space = AddressSpace::unknown;
  /// Pointer to const, also by a typedef: the kernel only reads. A const pointer, `restrict` and
  /// `volatile` do not count.
  bool is_const = false;
};

struct KernelSignature {
  std::string name;
  std::vector<KernelParameter> parameters;
};

/// Bytes of an OpenCL C scalar or vector type such as "float" or "uint4"; 0 for any other type.
DOVETAIL_EXPORT std::size_t size_of_opencl_type(std::string_view type) noexcept;

}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// Launches element-wise operations on tensors of any layout.
#pragma once

#include <span>
#include <string_view>

#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "lib/ops/common/device_traits.hpp"

namespace dovetail::detail {

/// An operation of ops/operations.def, or a copy.
struct PointwiseFunction {
  std::string_view name;  ///< Such as "exp"; of the function that the kernel applies.
  bool is_copy = false;   ///< Moves elements of any type, which are all that it compiles.
  friend bool operator==(const PointwiseFunction&, const PointwiseFunction&) = default;
};

/// Appends out[...] = function(operands[...]...) to the stream. All tensors are of one shape and
/// dtype, checked before; `out` does not overlap itself, and an operand that shares memory with it
/// is `out` itself.
/// @param operands  One or two.
DOVETAIL_EXPORT void run_pointwise(const DeviceTraits& device, const Stream& stream,
                                   const PointwiseFunction& function,
                                   std::span<const Tensor> operands, const Tensor& out);

}  // namespace dovetail::detail

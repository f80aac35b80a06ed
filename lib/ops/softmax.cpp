// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/softmax.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/ops/operand_check.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail {

Tensor softmax(const Stream& stream, const Tensor& a) {
  detail::check_operand("softmax", stream, "a", a);
  if (a.rank() == 0) {
    throw InvalidArgument("[softmax] a [] has no dimension to normalise over; reshape it to [1].");
  }
  Tensor out = Tensor::empty(stream, a.shape(), a.dtype());
  if (a.size() == 0) return out;

  const auto columns = static_cast<std::size_t>(a.shape()[a.rank() - 1]);
  const std::size_t rows = static_cast<std::size_t>(a.size()) / columns;
  // A CPU runs the items of a group in a loop, where a small group keeps the row in its cache.
  const std::size_t group = stream.device().type() == DeviceType::cpu ? 32 : 256;
  detail::embedded_kernel(stream.context(), "ops/softmax.cl", "softmax",
                          BuildOptions().define("GROUP", group))
      .launch(stream, NDRange({group, rows}, {group, 1}), a.storage().buffer,
              detail::element_offset(a), out.storage().buffer, detail::element_offset(out),
              static_cast<cl_ulong>(columns));
  return out;
}

}  // namespace dovetail

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
  const auto launch = [&](std::string_view name, const BuildOptions& options,
                          const NDRange& range) {
    detail::embedded_kernel(stream.context(), "ops/softmax.cl", name, options)
        .launch(stream, range, detail::reading(a), detail::element_offset(a), detail::writing(out),
                detail::element_offset(out), static_cast<cl_ulong>(columns));
  };
  if (stream.device().type() == DeviceType::cpu) {
    launch("softmax_row", BuildOptions(), NDRange({rows}, {1}));
  } else {
    constexpr std::size_t group = 256;
    launch("softmax_group", BuildOptions().define("GROUP", group),
           NDRange({group, rows}, {group, 1}));
  }
  return out;
}

}  // namespace dovetail

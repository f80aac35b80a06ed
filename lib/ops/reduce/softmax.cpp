// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/reduce/softmax.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/copy.hpp"
#include "lib/ops/common/kernel_cache.hpp"
#include "lib/ops/common/operand_check.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail {
namespace {

enum class Way : unsigned char { row, group };  // of kernels/reduce/softmax.cl

constexpr std::size_t group_items = 256;

std::shared_ptr<const Kernel> kernel_of(const Context& context, Way way) {
  return detail::KernelCache<Way, Kernel>::of(context).get(way, [&] {
    return way == Way::row ? detail::build_kernel(context, "reduce/softmax.cl", "softmax_row", {})
                           : detail::build_kernel(context, "reduce/softmax.cl", "softmax_group",
                                                  BuildOptions().define("GROUP", group_items));
  });
}

void check(const Stream& stream, const Tensor& a) {
  detail::check_operand("softmax", stream, "a", a);
  if (a.rank() == 0) {
    throw InvalidArgument("[softmax] a [] has no dimension to normalise over; reshape it to [1].");
  }
}

}  // namespace

Tensor softmax(const Stream& stream, const Tensor& a) {
  check(stream, a);
  Tensor out = Tensor::empty(stream, a.shape(), a.dtype());
  softmax_into(stream, a, out);
  return out;
}

void softmax_into(const Stream& stream, const Tensor& a, const Tensor& out) {
  check(stream, a);
  detail::check_operand("softmax", stream, "out", out);
  detail::check_out("softmax", out, a.shape());
  const detail::DeviceTraits device = detail::traits_of(stream.device());
  const Tensor rows = !a.is_contiguous() || detail::is_partly_over(out, a) ? copy(stream, a) : a;
  if (out.is_contiguous()) return detail::softmax_into(device, stream, rows, out);
  const Tensor whole = Tensor::empty(stream, out.shape(), out.dtype());
  detail::softmax_into(device, stream, rows, whole);
  copy_into(stream, whole, out);
}

void detail::softmax_into(const DeviceTraits& traits, const Stream& stream, const Tensor& a,
                          const Tensor& out) {
  if (a.size() == 0) return;
  const auto columns = static_cast<std::size_t>(a.shape()[a.rank() - 1]);
  const std::size_t rows = static_cast<std::size_t>(a.size()) / columns;
  const Way way = traits.is_cpu ? Way::row : Way::group;
  kernel_of(stream.context(), way)
      ->launch(
          stream,
          way == Way::row ? NDRange({rows}, {1}) : NDRange({group_items, rows}, {group_items, 1}),
          reading(a), element_offset(a), writing(out), element_offset(out),
          static_cast<cl_ulong>(columns));
}

}  // namespace dovetail

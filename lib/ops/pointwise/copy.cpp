// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/copy.hpp"

#include <fmt/format.h>

#include <array>

#include "dovetail/core/error.hpp"
#include "lib/ops/common/operand_check.hpp"
#include "lib/ops/pointwise/run.hpp"

namespace dovetail {
namespace {

void run(const Stream& stream, const Tensor& a, const Tensor& out) {
  const std::array operands{a.broadcast_to(out.shape())};
  detail::run_pointwise(detail::traits_of(stream.device()), stream,
                        {.name = "copy", .is_copy = true}, operands, out);
}

}  // namespace

Tensor copy(const Stream& stream, const Tensor& a) {
  detail::check_place("copy", stream, "a", a);
  Tensor out = Tensor::empty(stream, a.shape(), a.dtype());
  run(stream, a, out);
  return out;
}

void copy_into(const Stream& stream, const Tensor& a, const Tensor& out) {
  detail::check_place("copy", stream, "a", a);
  detail::check_place("copy", stream, "out", out);
  if (a.dtype() != out.dtype()) {
    throw InvalidArgument(fmt::format(
        "[copy] out {} is {}, but a {} is {}; give one of that dtype.", out.shape().str(),
        to_string(out.dtype()), a.shape().str(), to_string(a.dtype())));
  }
  detail::check_out("copy", out, broadcast("copy", a.shape(), out.shape()));
  const Tensor from = detail::is_partly_over(out, a) ? copy(stream, a) : a;
  run(stream, from, out);
}

Tensor contiguous(const Stream& stream, const Tensor& a) {
  detail::check_place("contiguous", stream, "a", a);
  return a.is_contiguous() ? a : copy(stream, a);
}

Tensor reshape(const Stream& stream, const Tensor& a, const Shape& shape) {
  detail::check_place("reshape", stream, "a", a);
  return (a.layout().reshape(shape) ? a : copy(stream, a)).view(shape);
}

}  // namespace dovetail

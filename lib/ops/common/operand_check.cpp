// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/common/operand_check.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/stream/moved_buffer.hpp"
#include "lib/stream/stream_access.hpp"

namespace dovetail::detail {

void check_place(std::string_view function, const Stream& stream, std::string_view name,
                 const Tensor& tensor) {
  check_operand_not_moved_from(function, name, tensor.storage().buffer);
  if (tensor.context() == context_of(stream, function)) return;
  throw InvalidArgument(fmt::format(
      "[{}] {} {} belongs to another context than the stream; copy it through the host.", function,
      name, tensor.shape().str()));
}

void check_operand(std::string_view function, const Stream& stream, std::string_view name,
                   const Tensor& tensor) {
  check_operand_not_moved_from(function, name, tensor.storage().buffer);
  if (tensor.dtype() != DType::f32) {
    throw InvalidArgument(fmt::format("[{}] {} {} is {}; only float32 is supported.", function,
                                      name, tensor.shape().str(), to_string(tensor.dtype())));
  }
  check_place(function, stream, name, tensor);
}

void check_out(std::string_view function, const Tensor& out, const Shape& shape) {
  if (out.shape() != shape) {
    throw InvalidArgument(fmt::format("[{}] out {}: the result is {}; give an out of that shape.",
                                      function, out.shape().str(), shape.str()));
  }
  if (out.layout().may_overlap_itself()) {
    throw InvalidArgument(
        fmt::format("[{}] out {}: two of its elements may lie in one place; give a tensor of its "
                    "own.",
                    function, out.layout().str()));
  }
}

bool is_partly_over(const Tensor& out, const Tensor& operand) {
  const BufferView &to = out.storage(), &from = operand.storage();
  return overlap(to, from) && !(to.buffer == from.buffer && to.offset == from.offset &&
                                out.layout() == operand.layout());
}

}  // namespace dovetail::detail

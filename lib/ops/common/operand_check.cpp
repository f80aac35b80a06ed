// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/common/operand_check.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "lib/stream/moved_buffer.hpp"
#include "lib/stream/stream_access.hpp"

namespace dovetail::detail {

void check_operand(std::string_view function, const Stream& stream, std::string_view name,
                   const Tensor& tensor) {
  check_operand_not_moved_from(function, name, tensor.storage().buffer);
  if (tensor.dtype() != DType::f32) {
    throw InvalidArgument(fmt::format("[{}] {} {} is {}; only float32 is supported.", function,
                                      name, tensor.shape().str(), to_string(tensor.dtype())));
  }
  if (!(tensor.context() == context_of(stream, function))) {
    throw InvalidArgument(fmt::format(
        "[{}] {} {} belongs to another context than the stream; copy it through the host.",
        function, name, tensor.shape().str()));
  }
}

void check_same_shape(std::string_view function, std::string_view a_name, const Tensor& a,
                      std::string_view b_name, const Tensor& b) {
  if (a.shape() != b.shape()) {
    throw InvalidArgument(fmt::format("[{}] {} {} and {} {}: the shapes must be the same.",
                                      function, a_name, a.shape().str(), b_name, b.shape().str()));
  }
}

void check_not_partly_over(std::string_view function, const Tensor& out, std::string_view name,
                           const Tensor& operand) {
  const BufferView &to = out.storage(), &from = operand.storage();
  if (!overlap(to, from) || (to.buffer == from.buffer && to.offset == from.offset)) return;
  throw InvalidArgument(
      fmt::format("[{}] out {} overlaps {} {} in part; give {} itself or other memory.", function,
                  out.shape().str(), name, operand.shape().str(), name));
}

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/elementwise.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "dovetail/core/error.hpp"
#include "lib/ops/operand_check.hpp"
#include "lib/runtime/embedded_kernels.hpp"
#include "lib/runtime/kernel_table.hpp"

namespace dovetail {
namespace {

/// What OPERATION is defined as, in the enumerators' order.
constexpr auto unary_names = std::to_array<std::string_view>(
    {"NEGATE", "ABSOLUTE", "EXP", "LOG", "SQRT", "TANH", "RELU", "SILU"});
constexpr auto binary_names = std::to_array<std::string_view>(
    {"ADD", "SUBTRACT", "MULTIPLY", "DIVIDE", "MAXIMUM", "MINIMUM"});
static_assert(unary_names[static_cast<std::size_t>(UnaryOperation::silu)] == "SILU" &&
              binary_names[static_cast<std::size_t>(BinaryOperation::minimum)] == "MINIMUM");

[[noreturn]] void refuse_operation(std::string_view function, int operation) {
  throw InvalidArgument(fmt::format("[{}] operation {} is none; take an enumerator of {}.",
                                    function, operation,
                                    function == "unary" ? "UnaryOperation" : "BinaryOperation"));
}

constexpr std::size_t group_size = 256;

NDRange range_over(std::size_t elements) {
  return NDRange({(elements + group_size - 1) / group_size * group_size}, {group_size});
}

/// @param function  The kernel, "unary" or "binary".
/// @param names     Of all operations of that kind.
template <typename Operation, std::size_t count>
const Kernel& elementwise_kernel(const Context& context, std::string_view function,
                                 const std::array<std::string_view, count>& names,
                                 Operation operation) {
  const auto index = static_cast<std::size_t>(operation);
  if (index >= count) [[unlikely]] {
    refuse_operation(function, static_cast<int>(operation));
  }
  return detail::KernelTable<Operation, count>::of(context).get(index, [&] {
    return detail::embedded_kernel(context, "ops/elementwise.cl", function,
                                   BuildOptions().define("OPERATION", names[index]));
  });
}

}  // namespace

Tensor unary(const Stream& stream, UnaryOperation operation, const Tensor& a) {
  detail::check_operand("unary", stream, "a", a);
  Tensor out = Tensor::empty(stream, a.shape(), a.dtype());
  unary_into(stream, operation, a, out);
  return out;
}

void unary_into(const Stream& stream, UnaryOperation operation, const Tensor& a,
                const Tensor& out) {
  detail::check_operand("unary", stream, "a", a);
  detail::check_operand("unary", stream, "out", out);
  detail::check_same_shape("unary", "a", a, "out", out);
  if (a.size() == 0) return;
  elementwise_kernel(stream.context(), "unary", unary_names, operation)
      .launch(stream, range_over(static_cast<std::size_t>(a.size())), detail::reading(a),
              detail::element_offset(a), detail::writing(out), detail::element_offset(out),
              static_cast<cl_ulong>(a.size()));
}

Tensor binary(const Stream& stream, BinaryOperation operation, const Tensor& a, const Tensor& b) {
  detail::check_operand("binary", stream, "a", a);
  detail::check_same_shape("binary", "a", a, "b", b);
  Tensor out = Tensor::empty(stream, a.shape(), a.dtype());
  binary_into(stream, operation, a, b, out);
  return out;
}

void binary_into(const Stream& stream, BinaryOperation operation, const Tensor& a, const Tensor& b,
                 const Tensor& out) {
  detail::check_operand("binary", stream, "a", a);
  detail::check_operand("binary", stream, "b", b);
  detail::check_operand("binary", stream, "out", out);
  detail::check_same_shape("binary", "a", a, "b", b);
  detail::check_same_shape("binary", "a", a, "out", out);
  if (a.size() == 0) return;
  elementwise_kernel(stream.context(), "binary", binary_names, operation)
      .launch(stream, range_over(static_cast<std::size_t>(a.size())), detail::reading(a),
              detail::element_offset(a), detail::reading(b), detail::element_offset(b),
              detail::writing(out), detail::element_offset(out), static_cast<cl_ulong>(a.size()));
}

}  // namespace dovetail

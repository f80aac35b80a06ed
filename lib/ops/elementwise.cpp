// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/elementwise.hpp"

#include <fmt/format.h>

#include <string_view>

#include "lib/ops/operand_check.hpp"
#include "lib/runtime/embedded_kernels.hpp"
#include "lib/runtime/kernel_table.hpp"

namespace dovetail {
namespace {

std::string_view kernel_name(UnaryOperation operation) {
  switch (operation) {
    case UnaryOperation::negate:
      return "NEGATE";
    case UnaryOperation::absolute:
      return "ABSOLUTE";
    case UnaryOperation::exp:
      return "EXP";
    case UnaryOperation::log:
      return "LOG";
    case UnaryOperation::sqrt:
      return "SQRT";
    case UnaryOperation::tanh:
      return "TANH";
    case UnaryOperation::relu:
      return "RELU";
    case UnaryOperation::silu:
      break;
  }
  return "SILU";
}

std::string_view kernel_name(BinaryOperation operation) {
  switch (operation) {
    case BinaryOperation::add:
      return "ADD";
    case BinaryOperation::subtract:
      return "SUBTRACT";
    case BinaryOperation::multiply:
      return "MULTIPLY";
    case BinaryOperation::divide:
      return "DIVIDE";
    case BinaryOperation::maximum:
      return "MAXIMUM";
    case BinaryOperation::minimum:
      break;
  }
  return "MINIMUM";
}

constexpr std::size_t group_size = 256;

NDRange range_over(std::size_t elements) {
  return NDRange({(elements + group_size - 1) / group_size * group_size}, {group_size});
}

template <typename Operation>
const Kernel& elementwise_kernel(const Context& context, std::string_view name,
                                 Operation operation) {
  constexpr std::size_t operations = 8;  // of either kind, at most
  using Table = detail::KernelTable<Operation, operations>;
  return Table::of(context).get(static_cast<std::size_t>(operation), [&] {
    return detail::embedded_kernel(context, "ops/elementwise.cl", name,
                                   BuildOptions().define("OPERATION", kernel_name(operation)));
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
  elementwise_kernel(stream.context(), "unary", operation)
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
  elementwise_kernel(stream.context(), "binary", operation)
      .launch(stream, range_over(static_cast<std::size_t>(a.size())), detail::reading(a),
              detail::element_offset(a), detail::reading(b), detail::element_offset(b),
              detail::writing(out), detail::element_offset(out), static_cast<cl_ulong>(a.size()));
}

}  // namespace dovetail

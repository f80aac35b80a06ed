// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/elementwise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include "dovetail/core/error.hpp"
#include "lib/ops/operand_check.hpp"
#include "lib/runtime/embedded_kernels.hpp"
#include "lib/runtime/kernel_table.hpp"

namespace dovetail {
namespace {

/// In the enumerators' order. A kernel is called by its operation's name and "_f32", as most of the
/// names are built-in functions'.
constexpr auto unary_names = std::to_array<std::string_view>(
    {"negate", "absolute", "exp", "log", "sqrt", "tanh", "relu", "silu"});
constexpr auto binary_names = std::to_array<std::string_view>(
    {"add", "subtract", "multiply", "divide", "maximum", "minimum"});
static_assert(unary_names[static_cast<std::size_t>(UnaryOperation::silu)] == "silu" &&
              binary_names[static_cast<std::size_t>(BinaryOperation::minimum)] == "minimum");

constexpr std::size_t count_of(UnaryOperation /*operation*/) { return unary_names.size(); }
constexpr std::size_t count_of(BinaryOperation /*operation*/) { return binary_names.size(); }

[[noreturn]] void refuse_operation(std::string_view function, std::string_view type,
                                   int operation) {
  throw InvalidArgument(fmt::format("[{}] operation {} is none; take an enumerator of {}.",
                                    function, operation, type));
}

/// @throws InvalidArgument  no enumerator.
std::string_view name_of(UnaryOperation operation) {
  const auto index = static_cast<std::size_t>(operation);
  if (index >= unary_names.size()) {
    refuse_operation("unary", "UnaryOperation", static_cast<int>(operation));
  }
  return unary_names[index];
}
std::string_view name_of(BinaryOperation operation) {
  const auto index = static_cast<std::size_t>(operation);
  if (index >= binary_names.size()) {
    refuse_operation("binary", "BinaryOperation", static_cast<int>(operation));
  }
  return binary_names[index];
}

constexpr std::size_t group_size = 256;

NDRange range_over(std::size_t elements) {
  return NDRange({(elements + group_size - 1) / group_size * group_size}, {group_size});
}

std::string upper(std::string_view name) {
  std::string text(name);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

template <typename Operation>
const Kernel& elementwise_kernel(const Context& context, Operation operation) {
  using Table = detail::KernelTable<Operation, count_of(Operation{})>;
  return Table::of(context).get(static_cast<std::size_t>(operation), [&] {
    const std::string_view name = name_of(operation);
    const std::string kernel = fmt::format("{}_f32", name);
    return detail::embedded_kernel(
        context, "ops/elementwise.cl", kernel,
        BuildOptions().define("OPERATION", upper(name)).define("KERNEL", kernel));
  });
}

}  // namespace

Tensor unary(const Stream& stream, UnaryOperation operation, const Tensor& a) {
  detail::check_operand(name_of(operation), stream, "a", a);
  Tensor out = Tensor::empty(stream, a.shape(), a.dtype());
  unary_into(stream, operation, a, out);
  return out;
}

void unary_into(const Stream& stream, UnaryOperation operation, const Tensor& a,
                const Tensor& out) {
  detail::check_operand(name_of(operation), stream, "a", a);
  detail::check_operand(name_of(operation), stream, "out", out);
  detail::check_same_shape(name_of(operation), "a", a, "out", out);
  if (a.size() == 0) return;
  elementwise_kernel(stream.context(), operation)
      .launch(stream, range_over(static_cast<std::size_t>(a.size())), detail::reading(a),
              detail::element_offset(a), detail::writing(out), detail::element_offset(out),
              static_cast<cl_ulong>(a.size()));
}

Tensor binary(const Stream& stream, BinaryOperation operation, const Tensor& a, const Tensor& b) {
  detail::check_operand(name_of(operation), stream, "a", a);
  detail::check_same_shape(name_of(operation), "a", a, "b", b);
  Tensor out = Tensor::empty(stream, a.shape(), a.dtype());
  binary_into(stream, operation, a, b, out);
  return out;
}

void binary_into(const Stream& stream, BinaryOperation operation, const Tensor& a, const Tensor& b,
                 const Tensor& out) {
  detail::check_operand(name_of(operation), stream, "a", a);
  detail::check_operand(name_of(operation), stream, "b", b);
  detail::check_operand(name_of(operation), stream, "out", out);
  detail::check_same_shape(name_of(operation), "a", a, "b", b);
  detail::check_same_shape(name_of(operation), "a", a, "out", out);
  if (a.size() == 0) return;
  elementwise_kernel(stream.context(), operation)
      .launch(stream, range_over(static_cast<std::size_t>(a.size())), detail::reading(a),
              detail::element_offset(a), detail::reading(b), detail::element_offset(b),
              detail::writing(out), detail::element_offset(out), static_cast<cl_ulong>(a.size()));
}

}  // namespace dovetail

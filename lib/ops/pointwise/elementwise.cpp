// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/elementwise.hpp"

#include <fmt/format.h>

#include <array>

#include "dovetail/core/error.hpp"
#include "lib/ops/common/kernel_cache.hpp"
#include "lib/ops/common/launch_geometry.hpp"
#include "lib/ops/common/operand_check.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail {
namespace {

/// What differs between the operations of one and of two operands. Names are in the enumerators'
/// order.
template <typename Operation>
struct Arity;
template <>
struct Arity<UnaryOperation> {
  static constexpr std::string_view function = "unary", type = "UnaryOperation";
  static constexpr std::string_view file = "pointwise/unary.cl";
  static constexpr auto names = std::to_array<std::string_view>({
#define DOVETAIL_UNARY(name, value) #name,
#include "dovetail/ops/operations.def"
  });
};
template <>
struct Arity<BinaryOperation> {
  static constexpr std::string_view function = "binary", type = "BinaryOperation";
  static constexpr std::string_view file = "pointwise/binary.cl";
  static constexpr auto names = std::to_array<std::string_view>({
#define DOVETAIL_BINARY(name, value) #name,
#include "dovetail/ops/operations.def"
  });
};

template <typename Operation>
bool is_known(Operation operation) {
  return static_cast<std::size_t>(operation) < Arity<Operation>::names.size();
}

template <typename Operation>
std::string_view name_or_unknown(Operation operation) {
  return is_known(operation) ? Arity<Operation>::names[static_cast<std::size_t>(operation)]
                             : "unknown";
}

/// @throws InvalidArgument  no enumerator.
template <typename Operation>
std::string_view checked_name(Operation operation) {
  if (!is_known(operation)) {
    throw InvalidArgument(fmt::format("[{}] operation {} is none; take an enumerator of {}.",
                                      Arity<Operation>::function, static_cast<int>(operation),
                                      Arity<Operation>::type));
  }
  return name_or_unknown(operation);
}

template <typename Operation>
std::shared_ptr<const Kernel> kernel_of(const Context& context, Operation operation) {
  return detail::KernelCache<Operation, Kernel>::of(context).get(operation, [&] {
    const std::string_view name = name_or_unknown(operation);
    // Most of the names are built-in functions', so no kernel can have them.
    const std::string kernel = fmt::format("{}_f32", name);
    return detail::build_kernel(
        context, Arity<Operation>::file, kernel,
        BuildOptions().define("APPLY", fmt::format("apply_{}", name)).define("KERNEL", kernel));
  });
}

NDRange range_over(const Tensor& out) {
  constexpr std::size_t group = 256;
  return NDRange({detail::round_up(static_cast<std::size_t>(out.size()), group)}, {group});
}

}  // namespace

std::string_view to_string(UnaryOperation operation) noexcept { return name_or_unknown(operation); }
std::string_view to_string(BinaryOperation operation) noexcept {
  return name_or_unknown(operation);
}

Tensor unary(const Stream& stream, UnaryOperation operation, const Tensor& a) {
  detail::check_operand(checked_name(operation), stream, "a", a);
  Tensor out = Tensor::empty(stream, a.shape(), a.dtype());
  unary_into(stream, operation, a, out);
  return out;
}

void unary_into(const Stream& stream, UnaryOperation operation, const Tensor& a,
                const Tensor& out) {
  const std::string_view name = checked_name(operation);
  detail::check_operand(name, stream, "a", a);
  detail::check_operand(name, stream, "out", out);
  detail::check_same_shape(name, "a", a, "out", out);
  detail::check_not_partly_over(name, out, "a", a);
  if (a.size() == 0) return;
  kernel_of(stream.context(), operation)
      ->launch(stream, range_over(out), detail::reading(a), detail::element_offset(a),
               detail::writing(out), detail::element_offset(out), static_cast<cl_ulong>(a.size()));
}

Tensor binary(const Stream& stream, BinaryOperation operation, const Tensor& a, const Tensor& b) {
  detail::check_operand(checked_name(operation), stream, "a", a);
  detail::check_same_shape(checked_name(operation), "a", a, "b", b);
  Tensor out = Tensor::empty(stream, a.shape(), a.dtype());
  binary_into(stream, operation, a, b, out);
  return out;
}

void binary_into(const Stream& stream, BinaryOperation operation, const Tensor& a, const Tensor& b,
                 const Tensor& out) {
  const std::string_view name = checked_name(operation);
  detail::check_operand(name, stream, "a", a);
  detail::check_operand(name, stream, "b", b);
  detail::check_operand(name, stream, "out", out);
  detail::check_same_shape(name, "a", a, "b", b);
  detail::check_same_shape(name, "a", a, "out", out);
  detail::check_not_partly_over(name, out, "a", a);
  detail::check_not_partly_over(name, out, "b", b);
  if (a.size() == 0) return;
  kernel_of(stream.context(), operation)
      ->launch(stream, range_over(out), detail::reading(a), detail::element_offset(a),
               detail::reading(b), detail::element_offset(b), detail::writing(out),
               detail::element_offset(out), static_cast<cl_ulong>(a.size()));
}

}  // namespace dovetail

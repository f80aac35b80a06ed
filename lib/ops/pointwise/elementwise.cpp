// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/elementwise.hpp"

#include <fmt/format.h>

#include <array>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/copy.hpp"
#include "lib/ops/common/operand_check.hpp"
#include "lib/ops/pointwise/run.hpp"

namespace dovetail {
namespace {

/// What differs between the operations of one and of two operands. Names are in the enumerators'
/// order.
template <typename Operation>
struct Arity;
template <>
struct Arity<UnaryOperation> {
  static constexpr std::string_view function = "unary", type = "UnaryOperation";
  static constexpr auto names = std::to_array<std::string_view>({
#define DOVETAIL_UNARY(name, value) #name,
#include "dovetail/ops/operations.def"
  });
};
template <>
struct Arity<BinaryOperation> {
  static constexpr std::string_view function = "binary", type = "BinaryOperation";
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

/// The operand in the shape of `out`. One that lies in the memory of `out`, but elsewhere in it, is
/// copied first, so that the operation reads what was there before.
Tensor spread(const Stream& stream, const Tensor& operand, const Tensor& out) {
  const Tensor own = detail::is_partly_over(out, operand) ? copy(stream, operand) : operand;
  return own.broadcast_to(out.shape());
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
  detail::check_out(name, out, a.shape());
  const std::array operands{spread(stream, a, out)};
  detail::run_pointwise(detail::traits_of(stream.device()), stream, {name}, operands, out);
}

Tensor binary(const Stream& stream, BinaryOperation operation, const Tensor& a, const Tensor& b) {
  const std::string_view name = checked_name(operation);
  detail::check_operand(name, stream, "a", a);
  detail::check_operand(name, stream, "b", b);
  Tensor out = Tensor::empty(stream, broadcast(name, a.shape(), b.shape()), a.dtype());
  binary_into(stream, operation, a, b, out);
  return out;
}

void binary_into(const Stream& stream, BinaryOperation operation, const Tensor& a, const Tensor& b,
                 const Tensor& out) {
  const std::string_view name = checked_name(operation);
  detail::check_operand(name, stream, "a", a);
  detail::check_operand(name, stream, "b", b);
  detail::check_operand(name, stream, "out", out);
  detail::check_out(name, out, broadcast(name, a.shape(), b.shape()));
  const std::array operands{spread(stream, a, out), spread(stream, b, out)};
  detail::run_pointwise(detail::traits_of(stream.device()), stream, {name}, operands, out);
}

}  // namespace dovetail

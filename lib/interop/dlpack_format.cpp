// SPDX-License-Identifier: Apache-2.0
#include "lib/interop/dlpack_format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <string_view>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/core/layout.hpp"

namespace dovetail::detail {
namespace {

constexpr std::uint8_t dlpack_bool = 6;  // kDLBool, which older headers do not have

std::uint8_t type_code(DType dtype) noexcept {
  if (dtype == DType::bf16) return kDLBfloat;
  switch (info(dtype).type_class) {
    case DTypeClass::boolean:
      return dlpack_bool;
    case DTypeClass::signed_integer:
      return kDLInt;
    case DTypeClass::unsigned_integer:
      return kDLUInt;
    case DTypeClass::floating:
      return kDLFloat;  // an IEEE 754 format: of 16, 32 or 64 bits
  }
  __builtin_unreachable();
}

bool is_row_major(const Shape& shape, std::span<const std::int64_t> strides) {
  if (shape.size() == 0) return true;
  const Layout row_major(shape);
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != 1 && strides[axis] != row_major.strides()[axis]) return false;
  }
  return true;
}

}  // namespace

DLDataType dlpack_type(DType dtype) noexcept {
  return {type_code(dtype), static_cast<std::uint8_t>(8 * size_of(dtype)), 1};
}

DType dtype_of_dlpack(DLDataType type) {
  for (const DTypeInfo& row : dtype_table) {
    const DLDataType known = dlpack_type(row.dtype);
    if (known.code == type.code && known.bits == type.bits && known.lanes == type.lanes) {
      return row.dtype;
    }
  }
  std::vector<std::string_view> names;
  names.reserve(dtype_table.size());
  for (const DTypeInfo& row : dtype_table) names.push_back(row.name);
  throw InvalidArgument(fmt::format(
      "[from_dlpack] elements of DLPack type code {} with {} bits and {} lanes; cast them to one "
      "of {} first.",
      type.code, type.bits, type.lanes, fmt::join(names, ", ")));
}

Shape shape_of_dlpack(const DLTensor& tensor) {
  if (tensor.ndim > 0 && tensor.shape == nullptr) {
    throw InvalidArgument(fmt::format(
        "[from_dlpack] {} dimensions without sizes; give a valid DLTensor.", tensor.ndim));
  }
  const auto rank = static_cast<std::size_t>(tensor.ndim);
  if (tensor.ndim < 0 || rank > Shape::max_rank) {  // so that no size is read that is not there
    throw InvalidArgument(
        fmt::format("[from_dlpack] {} dimensions, but a tensor has 0 or more, and at most {} "
                    "dimensions; give a valid DLTensor, or reshape it first.",
                    tensor.ndim, Shape::max_rank));
  }
  const Shape shape(std::span<const std::int64_t>(tensor.shape, rank));
  if (tensor.strides == nullptr) return shape;
  const std::span<const std::int64_t> strides(tensor.strides, rank);
  if (!is_row_major(shape, strides)) {
    throw InvalidArgument(fmt::format(
        "[from_dlpack] shape {} with strides [{}], but only row-major tensors without gaps can be "
        "taken; make a contiguous copy first.",
        shape.str(), fmt::join(strides, ", ")));
  }
  return shape;
}

}  // namespace dovetail::detail

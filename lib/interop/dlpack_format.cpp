// SPDX-License-Identifier: Apache-2.0
#include "lib/interop/dlpack_format.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

#include "dovetail/core/error.hpp"

namespace dovetail::detail {
namespace {

constexpr std::uint8_t dlpack_bool = 6;  // kDLBool, which older headers do not have

struct TypePair {
  DType dtype;
  std::uint8_t code;
};
constexpr std::array<TypePair, 9> type_pairs{{{DType::f32, kDLFloat},
                                              {DType::f64, kDLFloat},
                                              {DType::f16, kDLFloat},
                                              {DType::bf16, kDLBfloat},
                                              {DType::i64, kDLInt},
                                              {DType::i32, kDLInt},
                                              {DType::i8, kDLInt},
                                              {DType::u8, kDLUInt},
                                              {DType::boolean, dlpack_bool}}};

bool is_row_major(const Shape& shape, std::span<const std::int64_t> strides) {
  if (shape.size() == 0) return true;
  const auto expected = row_major_strides(shape);
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != 1 && strides[axis] != expected[axis]) return false;
  }
  return true;
}

}  // namespace

DLDataType dlpack_type(DType dtype) noexcept {
  const TypePair& pair = type_pairs[static_cast<std::size_t>(dtype)];
  return {pair.code, static_cast<std::uint8_t>(8 * size_of(dtype)), 1};
}

DType dtype_of_dlpack(DLDataType type) {
  for (const TypePair& pair : type_pairs) {
    if (pair.code == type.code && 8 * size_of(pair.dtype) == type.bits && type.lanes == 1) {
      return pair.dtype;
    }
  }
  throw InvalidArgument(fmt::format(
      "[from_dlpack] elements of DLPack type code {} with {} bits and {} lanes; cast them to one "
      "of float32, float64, float16, bfloat16, int64, int32, int8, uint8 and bool first.",
      type.code, type.bits, type.lanes));
}

std::array<std::int64_t, Shape::max_rank> row_major_strides(const Shape& shape) noexcept {
  std::array<std::int64_t, Shape::max_rank> strides{};
  std::int64_t stride = 1;
  for (std::size_t axis = shape.rank(); axis-- > 0; stride *= shape[axis]) strides[axis] = stride;
  return strides;
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

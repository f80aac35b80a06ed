// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/matrix_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dovetail/core/error.hpp"
#include "lib/ops/matmul/problem/problem.hpp"
#include "lib/stream/moved_buffer.hpp"

namespace dovetail {
namespace {

/// Elements from the first to the last, or nothing if they are too many to be counted.
std::optional<std::int64_t> extent(std::int64_t rows, std::int64_t columns, std::int64_t row_stride,
                                   std::int64_t batch, std::int64_t batch_stride) {
  if (rows == 0 || columns == 0 || batch == 0) return 0;
  std::int64_t row_part = 0, batch_part = 0, sum = 0;
  if (__builtin_mul_overflow(rows - 1, row_stride, &row_part) ||
      __builtin_mul_overflow(batch - 1, batch_stride, &batch_part) ||
      __builtin_add_overflow(row_part, batch_part, &sum) ||
      __builtin_add_overflow(sum, columns, &sum)) {
    return std::nullopt;
  }
  return sum;
}

const Tensor& held(const Tensor& tensor) {
  detail::check_not_moved_from("MatrixView", "tensor", tensor.storage().buffer);
  return tensor;
}

}  // namespace

MatrixView::MatrixView(const Tensor& tensor) : MatrixView("MatrixView", "tensor", held(tensor)) {}

MatrixView::MatrixView(const char* function, const char* name, const Tensor& tensor)
    : storage_(tensor.storage()), dtype_(tensor.dtype()), is_batched_(tensor.rank() == 3) {
  const std::size_t rank = tensor.rank();
  if (rank != 2 && rank != 3) {
    throw InvalidArgument(
        fmt::format("[{}] {} {}: must have 2 dimensions, or 3 with the batch first; reshape it.",
                    function, name, tensor.shape().str()));
  }
  if (!detail::MatrixViewAccess::has_rows(tensor)) {
    throw InvalidArgument(
        fmt::format("[{}] {} {}: the elements of a row must follow each other, and rows must not "
                    "overlap; make it contiguous().",
                    function, name, tensor.layout().str()));
  }
  const auto strides = tensor.layout().strides();
  rows_ = tensor.shape()[rank - 2];
  columns_ = tensor.shape()[rank - 1];
  row_stride_ = rows_ > 1 && columns_ > 0 ? strides[rank - 2] : columns_;
  if (is_batched_) batch_ = tensor.shape()[0];
  batch_stride_ = batch_ > 1 && tensor.size() > 0 ? strides[0] : rows_ * row_stride_;
}

MatrixView::MatrixView(const Buffer& buffer, const MatrixLayout& layout, DType dtype,
                       std::size_t offset)
    : storage_{buffer, offset, 0},
      rows_(layout.rows),
      columns_(layout.columns),
      row_stride_(layout.row_stride.value_or(layout.columns)),
      batch_(layout.batch.value_or(1)),
      dtype_(dtype),
      is_batched_(layout.batch.has_value()) {
  detail::check_not_moved_from("MatrixView", "buffer", buffer);
  if (std::min({rows_, columns_, batch_}) < 0 || row_stride_ < columns_ ||
      layout.batch_stride.value_or(0) < 0) {
    throw InvalidArgument(fmt::format(
        "[MatrixView] {} x [{}, {}] with rows {} and matrices {} apart: sizes and strides must not "
        "be negative, nor rows closer than they are long.",
        batch_, rows_, columns_, row_stride_, layout.batch_stride.value_or(0)));
  }
  const auto element = size_of(dtype);
  if (offset % element != 0) {
    throw InvalidArgument(
        fmt::format("[MatrixView] offset {} is not a multiple of the {} bytes of a {}.", offset,
                    element, to_string(dtype)));
  }
  std::int64_t packed = 0;
  const bool fits = !__builtin_mul_overflow(rows_, row_stride_, &packed);
  batch_stride_ = layout.batch_stride.value_or(packed);
  const auto elements = extent(rows_, columns_, row_stride_, batch_, batch_stride_);
  if (!fits || !elements || offset > buffer.nbytes() ||
      static_cast<std::uint64_t>(*elements) > (buffer.nbytes() - offset) / element) {
    throw InvalidArgument(
        fmt::format("[MatrixView] {} of {} does not fit behind offset {} of a buffer of {} bytes.",
                    str(), to_string(dtype), offset, buffer.nbytes()));
  }
  storage_.nbytes = static_cast<std::size_t>(*elements) * element;
}

MatrixView MatrixView::block(std::int64_t row, std::int64_t column, std::int64_t rows,
                             std::int64_t columns) const {
  detail::check_not_moved_from("MatrixView::block", "view", storage_.buffer);
  if (std::min({row, column, rows, columns}) < 0 || row > rows_ || rows > rows_ - row ||
      column > columns_ || columns > columns_ - column) {
    throw InvalidArgument(
        fmt::format("[MatrixView::block] {} rows from {} on and {} columns from {} on are not "
                    "inside {}; name a part of it.",
                    rows, row, columns, column, str()));
  }
  const auto first = static_cast<std::size_t>(row * row_stride_ + column) * size_of(dtype_);
  MatrixView part(storage_.buffer,
                  {.rows = rows,
                   .columns = columns,
                   .row_stride = row_stride_,
                   .batch = batch_,
                   .batch_stride = batch_stride_},
                  dtype_, rows == 0 || columns == 0 ? storage_.offset : storage_.offset + first);
  part.is_batched_ = is_batched_;
  return part;
}

std::string MatrixView::str() const {
  std::string text = is_batched_ ? fmt::format("[{}, {}, {}]", batch_, rows_, columns_)
                                 : fmt::format("[{}, {}]", rows_, columns_);
  if (row_stride_ != columns_) text += fmt::format(" with rows {} apart", row_stride_);
  return text;
}

MatrixView detail::MatrixViewAccess::named(const char* name, const Tensor& tensor) {
  check_operand_not_moved_from("matmul", name, tensor.storage().buffer);
  return {"matmul", name, tensor};
}

bool detail::MatrixViewAccess::has_rows(const Tensor& tensor) noexcept {
  const std::size_t rank = tensor.rank();
  if (rank < 2 || tensor.size() == 0) return true;
  const auto strides = tensor.layout().strides();
  const std::int64_t rows = tensor.shape()[rank - 2], columns = tensor.shape()[rank - 1];
  return (columns == 1 || strides[rank - 1] == 1) && (rows == 1 || strides[rank - 2] >= columns) &&
         (rank == 2 || tensor.shape()[0] == 1 || strides[0] >= 0);
}

MatrixView detail::MatrixViewAccess::as_tall(const MatrixView& batch, std::int64_t row_stride) {
  MatrixView tall = batch;
  tall.rows_ = batch.rows_ * batch.batch_;
  tall.row_stride_ = row_stride;
  tall.batch_ = 1;
  tall.batch_stride_ = 0;
  return tall;
}

MatrixView detail::MatrixViewAccess::of_batch(const MatrixView& batch, std::size_t index) {
  return {batch.storage_.buffer,
          {.rows = batch.rows_, .columns = batch.columns_, .row_stride = batch.row_stride_},
          batch.dtype_,
          batch.rows_ == 0 || batch.columns_ == 0
              ? batch.storage_.offset
              : batch.storage_.offset +
                    index * static_cast<std::size_t>(batch.batch_stride_) * size_of(batch.dtype_)};
}

MatrixView detail::MatrixViewAccess::over(const BufferView& storage, const MatrixView& sizes,
                                          bool is_batched) {
  MatrixView view = sizes;
  view.storage_ = storage;
  view.is_batched_ = is_batched;
  return view;
}

}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_given.hpp"

#include <fmt/format.h>

#include <limits>

#include "dovetail/core/error.hpp"
#include "lib/stream/moved_buffer.hpp"

namespace dovetail::detail {

GivenMatrix::GivenMatrix(const char* name, const Tensor& tensor)
    : storage(tensor.storage()),
      dtype(tensor.dtype()),
      rows(0),
      columns(0),
      row_stride(0),
      batch(1),
      batch_stride(0),
      is_batched(tensor.rank() == 3) {
  check_operand_not_moved_from("matmul", name, storage.buffer);
  const std::size_t rank = tensor.rank();
  if (rank != 2 && rank != 3) {
    throw InvalidArgument(fmt::format(
        "[matmul] {} {}: must have 2 dimensions, or 3 with the batch first; reshape it.", name,
        tensor.shape().str()));
  }
  rows = tensor.shape()[rank - 2];
  columns = row_stride = tensor.shape()[rank - 1];
  if (is_batched) batch = tensor.shape()[0];
  batch_stride = rows * columns;
}

GivenMatrix::GivenMatrix(const MatrixView& view, const BufferView& of_view)
    : storage(of_view),
      dtype(view.dtype()),
      rows(view.rows()),
      columns(view.columns()),
      row_stride(view.row_stride()),
      batch(view.batch()),
      batch_stride(view.batch_stride()),
      is_batched(view.batch() != 1) {}

MatmulOperand GivenMatrix::operand() const noexcept {
  // A matrix of one row or a batch of one has no stride: what it says must not look like one.
  return {.storage = &storage,
          .dtype = dtype,
          .row_stride = static_cast<std::size_t>(rows == 1 ? columns : row_stride),
          .batch_stride = batch == 1 ? 0 : static_cast<std::size_t>(batch_stride)};
}

std::string GivenMatrix::str() const {
  std::string text = is_batched ? fmt::format("[{}, {}, {}]", batch, rows, columns)
                                : fmt::format("[{}, {}]", rows, columns);
  if (row_stride != columns) text += fmt::format(" with rows {} apart", row_stride);
  return text;
}

void check_place(const Stream& stream, std::string_view function, std::string_view name,
                 const GivenMatrix& matrix) {
  check_operand_not_moved_from(function, name, matrix.storage.buffer);
  if (!(matrix.storage.buffer.context() == stream.context())) {
    throw InvalidArgument(
        fmt::format("[{}] {} {} belongs to another context than the stream; copy it through the "
                    "host.",
                    function, name, matrix.str()));
  }
  if (matrix.row_stride > std::numeric_limits<std::uint32_t>::max()) {
    throw InvalidArgument(
        fmt::format("[{}] {} {}: rows more than {} elements apart; copy them closer together.",
                    function, name, matrix.str(), std::numeric_limits<std::uint32_t>::max()));
  }
}

bool share_elements(const GivenMatrix& a, const GivenMatrix& b) {
  if (!overlap(a.storage, b.storage)) return false;
  const auto stride = a.row_stride;
  const bool is_comparable =
      a.storage.buffer == b.storage.buffer && a.dtype == b.dtype && stride == b.row_stride;
  if (!is_comparable) return true;
  const auto element = size_of(a.dtype);
  if (a.storage.offset % element != 0 || b.storage.offset % element != 0) return true;
  const auto first = [&](const GivenMatrix& matrix) {
    return static_cast<std::int64_t>(matrix.storage.offset / element) % stride;
  };
  // A batch lies side by side, such as the heads of an attention, or below one another.
  const auto columns = [&](const GivenMatrix& matrix) {
    return matrix.columns +
           (matrix.batch_stride % stride == 0 ? 0 : (matrix.batch - 1) * matrix.batch_stride);
  };
  const std::int64_t a_end = first(a) + columns(a), b_end = first(b) + columns(b);
  if (a_end > stride || b_end > stride) return true;
  return first(a) < b_end && first(b) < a_end;
}

bool overlaps_itself(const GivenMatrix& m) {
  if (m.rows == 0 || m.columns == 0) return false;
  for (std::int64_t i = 1; i < m.batch; ++i) {
    const std::int64_t distance = i * m.batch_stride;
    const std::int64_t down = distance / m.row_stride, right = distance % m.row_stride;
    if (down >= m.rows) return false;  // as are those further on
    // Row `down` of the first meets the other's row 0, and the row below it what is left of that.
    if (right < m.columns || (down + 1 < m.rows && m.row_stride - right < m.columns)) return true;
  }
  return false;
}

}  // namespace dovetail::detail

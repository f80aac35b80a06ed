// SPDX-License-Identifier: Apache-2.0
// Matrices in device memory whose rows lie any distance apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dovetail/core/dtype.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/stream/buffer.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

namespace detail {
struct MatrixViewAccess;
}

/// Sizes of a matrix, or of a batch of them, and where its rows lie; all count elements.
struct MatrixLayout {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  /// From row to row, the leading dimension of BLAS; at least `columns`, which is the default.
  std::optional<std::int64_t> row_stride{};
  /// Number of matrices; 1 is a batch of one. Default: one matrix and no batch.
  std::optional<std::int64_t> batch{};
  /// From matrix to matrix; 0 for one matrix that all of the batch share. Default: one after the
  /// other.
  std::optional<std::int64_t> batch_stride{};
};

/// A row-major matrix, or a batch of them, in a buffer: what a product reads and writes. Made
/// implicitly from a tensor of 2 dimensions, or of 3 with the batch first, whose rows are
/// contiguous.
///
/// Copyable; shares the memory. Thread-safe.
class DOVETAIL_EXPORT MatrixView {
 public:
  /// @throws InvalidArgument  the tensor has not 2 or 3 dimensions, or the elements of a row do not
  ///                          follow each other, as in a transpose.
  MatrixView(const Tensor& tensor);  // NOLINT(google-explicit-constructor): a conversion is meant

  /// @param offset  Where the first element lies, in bytes; a multiple of the element's size.
  /// @throws InvalidArgument  the layout does not fit the buffer, a stride is too short, or the
  ///                          offset is not aligned.
  MatrixView(const Buffer& buffer, const MatrixLayout& layout, DType dtype = DType::f32,
             std::size_t offset = 0);

  /// The part of each matrix that starts at (`row`, `column`).
  /// @throws InvalidArgument  it is not inside.
  MatrixView block(std::int64_t row, std::int64_t column, std::int64_t rows,
                   std::int64_t columns) const;

  std::int64_t rows() const noexcept { return rows_; }        ///< Returns the rows of a matrix.
  std::int64_t columns() const noexcept { return columns_; }  ///< Returns the columns.
  /// Returns the elements from row to row.
  std::int64_t row_stride() const noexcept { return row_stride_; }
  std::int64_t batch() const noexcept { return batch_; }  ///< Returns the number of matrices.
  /// Returns the elements from matrix to matrix.
  std::int64_t batch_stride() const noexcept { return batch_stride_; }
  DType dtype() const noexcept { return dtype_; }  ///< Returns the element type.
  /// Returns whether it is a batch, which may be of one: made from 3 dimensions, or with
  /// `batch` given.
  bool is_batched() const noexcept { return is_batched_; }
  /// Returns the memory from the first element to the last.
  const BufferView& storage() const noexcept { return storage_; }
  /// Returns sizes and stride, such as "[3, 4, 5] with rows 8 apart".
  std::string str() const;

 private:
  friend struct detail::MatrixViewAccess;
  MatrixView(const char* function, const char* name, const Tensor& tensor);

  BufferView storage_;
  std::int64_t rows_ = 0, columns_ = 0, row_stride_ = 0, batch_ = 1, batch_stride_ = 0;
  DType dtype_;
  bool is_batched_ = false;
};

}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// The matrices of a product as they were given.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dovetail/ops/matrix_view.hpp"
#include "lib/ops/matmul_problem.hpp"

namespace dovetail::detail {

/// A matrix, or a batch of them; refers to what was given.
struct GivenMatrix {
  const BufferView& storage;
  DType dtype;
  std::int64_t rows, columns, row_stride;
  std::int64_t batch, batch_stride;
  bool is_batched;  ///< It has a batch, though that may be of one.

  /// @throws InvalidArgument  not 2 or 3 dimensions.
  GivenMatrix(const char* name, const Tensor& tensor);
  explicit GivenMatrix(const MatrixView& view) : GivenMatrix(view, view.storage()) {}
  /// @param storage  What is read of the view's buffer, where that is not from the first element to
  ///                 the last.
  GivenMatrix(const MatrixView& view, const BufferView& storage);

  MatmulOperand operand() const noexcept;
  std::string str() const;
};

/// @param what  Begins the text, such as "[matmul] a".
/// @throws InvalidArgument  the matrix is of another context than the stream, or its rows lie too
///                          far apart to be counted.
void check_place(const Stream& stream, std::string_view function, std::string_view name,
                 const GivenMatrix& matrix);

/// Whether two matrices share an element; where it is not sure, they do. Blocks of columns of one
/// matrix, a batch of which may lie side by side, are in each other's range of bytes, but share
/// none.
bool share_elements(const GivenMatrix& a, const GivenMatrix& b);

/// Whether two matrices of the batch share an element.
bool overlaps_itself(const GivenMatrix& matrix);

}  // namespace dovetail::detail

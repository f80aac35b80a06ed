// SPDX-License-Identifier: Apache-2.0
// Whether matrices share elements.
#pragma once

#include "dovetail/ops/matrix_view.hpp"

namespace dovetail::detail {

/// Returns whether two matrices share an element; where it is not sure, they do. Blocks of columns
/// of one matrix, a batch of which may lie side by side, are in each other's range of bytes, but
/// share none.
bool share_elements(const MatrixView& a, const MatrixView& b);

/// Returns whether two matrices of the batch share an element.
bool overlaps_itself(const MatrixView& matrix);

}  // namespace dovetail::detail

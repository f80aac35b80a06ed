// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/problem/overlap.hpp"

namespace dovetail::detail {

bool share_elements(const MatrixView& a, const MatrixView& b) {
  if (!overlap(a.storage(), b.storage())) return false;
  const auto stride = a.row_stride();
  const bool is_comparable = a.storage().buffer == b.storage().buffer && a.dtype() == b.dtype() &&
                             stride == b.row_stride();
  if (!is_comparable) return true;
  const auto element = size_of(a.dtype());
  if (a.storage().offset % element != 0 || b.storage().offset % element != 0) return true;
  const auto first = [&](const MatrixView& matrix) {
    return static_cast<std::int64_t>(matrix.storage().offset / element) % stride;
  };
  // A batch lies side by side, such as the heads of an attention, or below one another.
  const auto columns = [&](const MatrixView& matrix) {
    return matrix.columns() +
           (matrix.batch_stride() % stride == 0 ? 0 : (matrix.batch() - 1) * matrix.batch_stride());
  };
  const std::int64_t a_end = first(a) + columns(a), b_end = first(b) + columns(b);
  if (a_end > stride || b_end > stride) return true;
  return first(a) < b_end && first(b) < a_end;
}

bool overlaps_itself(const MatrixView& m) {
  if (m.rows() == 0 || m.columns() == 0) return false;
  for (std::int64_t i = 1; i < m.batch(); ++i) {
    const std::int64_t distance = i * m.batch_stride();
    const std::int64_t down = distance / m.row_stride(), right = distance % m.row_stride();
    if (down >= m.rows()) return false;  // as are those further on
    // Row `down` of the first meets the other's row 0, and the row below it what is left of that.
    if (right < m.columns() || (down + 1 < m.rows() && m.row_stride() - right < m.columns()))
      return true;
  }
  return false;
}

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
// The seam between matmul and its backends.
#pragma once

#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail::detail {

/// A product of float32 matrices that was checked: no size is 0, and the operands are contiguous.
/// For each of `batch`: out[m, n] = op(a)[m, k] op(b)[k, n], row-major.
struct MatmulProblem {
  std::size_t batch, m, n, k;
  bool transpose_a, transpose_b;
  const BufferView& a;
  const BufferView& b;
  const BufferView& out;
};

/// Each appends the product to the stream, asynchronously, with a workspace of its own.
void matmul_clblast(const Stream& stream, const MatmulProblem& problem);
void matmul_kernel(const Stream& stream, const MatmulProblem& problem);
void matmul_reference(const Stream& stream, const MatmulProblem& problem);

/// Whether the vendor library is in this build.
bool has_clblast() noexcept;

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/matmul.hpp"
#include "lib/ops/matmul/problem/check.hpp"
#include "lib/ops/matmul/problem/overlap.hpp"

namespace dovetail {
namespace {

using Matrices = std::span<const MatrixView>;

/// The matrices as one batch, if they are alike and lie at equal distances.
std::optional<MatrixView> as_batch(Matrices matrices) {
  const MatrixView& first = matrices[0];
  const auto element = static_cast<std::int64_t>(size_of(first.dtype()));
  const auto begin = [](const MatrixView& matrix) {
    return static_cast<std::int64_t>(matrix.storage().offset);
  };
  const std::int64_t distance = begin(matrices[1]) - begin(first);
  if (distance < 0 || distance % element != 0 || first.batch() != 1) return std::nullopt;
  for (std::size_t i = 0; i < matrices.size(); ++i) {
    const MatrixView& matrix = matrices[i];
    if (!(matrix.storage().buffer == first.storage().buffer) || matrix.dtype() != first.dtype() ||
        matrix.rows() != first.rows() || matrix.columns() != first.columns() ||
        matrix.row_stride() != first.row_stride() || matrix.batch() != 1 ||
        begin(matrix) - begin(first) != static_cast<std::int64_t>(i) * distance) {
      return std::nullopt;
    }
  }
  return MatrixView(first.storage().buffer,
                    {.rows = first.rows(),
                     .columns = first.columns(),
                     .row_stride = first.row_stride(),
                     .batch = static_cast<std::int64_t>(matrices.size()),
                     .batch_stride = distance / element},
                    first.dtype(), first.storage().offset);
}

/// The epilogue of one of the products.
EpilogueInto epilogue_of(const EpilogueInto& epilogue, std::size_t index) {
  EpilogueInto own = epilogue;
  if (epilogue.residual)
    own.residual = detail::MatrixViewAccess::of_batch(*epilogue.residual, index);
  return own;
}

void check_batched(const Stream& stream, Matrices a, Matrices b, Matrices out,
                   const MatmulOptions& options, const EpilogueInto& epilogue) {
  if (a.size() != b.size() || a.size() != out.size() ||
      (epilogue.residual && a.size() != static_cast<std::size_t>(epilogue.residual->batch()))) {
    throw InvalidArgument(fmt::format(
        "[matmul_batched_into] {} matrices a, {} b, {} out and {} residuals: give one of each for "
        "each product.",
        a.size(), b.size(), out.size(), epilogue.residual ? epilogue.residual->batch() : 0));
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    try {
      const auto sizes = detail::check_operands(stream, a[i], b[i], options, epilogue);
      detail::check_problem(stream, sizes, a[i], b[i], out[i], epilogue_of(epilogue, i));
    } catch (const InvalidArgument& error) {
      throw InvalidArgument(fmt::format("[matmul_batched_into] product {} of 0 to {}: {}", i,
                                        a.size() - 1, error.what()));
    }
  }
}

/// Whether the products may run side by side: none writes what another reads or writes. A bias that
/// lies between two matrices of `out` counts as written.
bool are_independent(const MatrixView& a, const MatrixView& b, const MatrixView& out,
                     const EpilogueInto& epilogue) {
  return !(epilogue.bias && overlap(epilogue.bias->storage(), out.storage())) &&
         !(epilogue.residual && detail::share_elements(out, *epilogue.residual)) &&
         !detail::overlaps_itself(out) && !detail::share_elements(out, a) &&
         !detail::share_elements(out, b);
}

}  // namespace

void matmul_batched_into(const Stream& stream, Matrices a, Matrices b, Matrices out,
                         const MatmulOptions& options, const EpilogueInto& epilogue) {
  check_batched(stream, a, b, out, options, epilogue);
  if (a.size() > 1) {
    const auto all_a = as_batch(a), all_b = as_batch(b), all_out = as_batch(out);
    if (all_a && all_b && all_out && are_independent(*all_a, *all_b, *all_out, epilogue)) {
      return matmul_into(stream, *all_a, *all_b, *all_out, options, epilogue);
    }
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    matmul_into(stream, a[i], b[i], out[i], options, epilogue_of(epilogue, i));
  }
}

}  // namespace dovetail

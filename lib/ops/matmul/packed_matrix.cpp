// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/packed_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/ops/matmul/backend/epilogue.hpp"
#include "lib/ops/matmul/backend/launch.hpp"
#include "lib/ops/matmul/problem/arguments.hpp"
#include "lib/ops/matmul/problem/check.hpp"

namespace dovetail {
namespace {

using detail::MatmulSizes;

/// What packing depends on; `m` does not matter.
MatmulSizes packing_sizes(const MatrixView& b, bool transpose) {
  return {.m = 1,
          .n = static_cast<std::uint32_t>(transpose ? b.rows() : b.columns()),
          .k = static_cast<std::uint32_t>(transpose ? b.columns() : b.rows()),
          .batch = static_cast<std::uint32_t>(b.batch()),
          .transpose_b = transpose,
          .in = b.dtype(),
          .out = detail::sum_dtype(b.dtype())};
}

void check_source(const Stream& stream, const MatrixView& b) {
  detail::check_not_moved_from("PackedMatrix", "stream", stream);
  detail::check_place(stream, "PackedMatrix", "b", b);
  if (!detail::is_multiplied(stream.device(), b.dtype())) {
    detail::refuse_dtype(stream.device(), b.dtype(), "[PackedMatrix] b " + b.str());
  }
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (std::min({b.rows(), b.columns(), b.batch()}) == 0 ||
      std::max({b.rows(), b.columns(), b.batch()}) > most) {
    throw InvalidArgument(
        fmt::format("[PackedMatrix] b {}: every size must be from 1 to {}; leave out a product "
                    "with nothing, split a larger one.",
                    b.str(), most));
  }
}

/// Memory for op(b), and the view of it that products read.
MatrixView room_for(const Stream& stream, const detail::DeviceTraits& device, const MatmulSizes& s,
                    const MatrixView& b) {
  const std::size_t nbytes = detail::packed_nbytes(device, s);
  const Buffer memory = MemoryPool::of(stream.context()).allocate(stream, nbytes);
  // Panels end after the view's last row, and their factors may be wider than its elements.
  return detail::MatrixViewAccess::over(
      {memory, 0, nbytes}, MatrixView(memory, detail::packed_layout(device, s), b.dtype()),
      b.is_batched());
}

MatmulOptions unpacked(const PackedMatmulOptions& options) {
  return {.backend = MatmulBackend::kernel, .transpose_a = options.transpose_a};
}

void run(const Stream& stream, MatmulSizes sizes, const MatrixView& a, const PackedMatrix& b,
         const MatrixView& out, const EpilogueInto& epilogue) {
  auto problem = detail::check_problem(stream, sizes, a, b.view(), out, epilogue);
  if (!problem) return;
  if (problem->sizes.k == 0) return detail::matmul_epilogue(stream, *problem);
  problem->sizes.is_b_packed = b.is_in_panels();
  detail::matmul_kernel(stream, *problem);
}

}  // namespace

PackedMatrix::PackedMatrix(const Stream& stream, const MatrixView& b, const PackOptions& options)
    : view_(b) {
  check_source(stream, b);
  const detail::DeviceTraits device = detail::traits_of(stream.device());
  const MatmulSizes sizes = packing_sizes(b, options.transpose);
  is_in_panels_ = device.is_cpu;
  view_ = room_for(stream, device, sizes, b);
  detail::run_pack(stream, sizes, b, view_,
                   *detail::built_plan(stream, sizes, detail::Recipe::pack));
}

Tensor matmul(const Stream& stream, const MatrixView& a, const PackedMatrix& b,
              const PackedMatmulOptions& options, const Epilogue& epilogue) {
  const EpilogueInto into = detail::into(epilogue);
  const auto sizes = detail::check_operands(stream, a, b.view(), unpacked(options), into);
  Tensor out = Tensor::empty(stream, detail::result_shape(a, b.view(), sizes), sizes.out);
  run(stream, sizes, a, b, out, into);
  return out;
}

void matmul_into(const Stream& stream, const MatrixView& a, const PackedMatrix& b,
                 const MatrixView& out, const PackedMatmulOptions& options,
                 const EpilogueInto& epilogue) {
  const auto sizes = detail::check_operands(stream, a, b.view(), unpacked(options), epilogue);
  run(stream, sizes, a, b, out, epilogue);
}

}  // namespace dovetail

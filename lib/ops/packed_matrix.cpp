// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/packed_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/ops/matmul_arguments.hpp"
#include "lib/ops/matmul_check.hpp"
#include "lib/ops/matmul_epilogue.hpp"
#include "lib/ops/matmul_launch.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail {
namespace {

using detail::GivenMatrix;
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
  detail::check_place(stream, "PackedMatrix", "b", GivenMatrix(b));
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

/// A packed operand before anything is in it.
struct Room {
  MatrixLayout layout;
  std::size_t nbytes;
};

Room room_for(const Device& device, const MatmulSizes& s) {
  const std::int64_t k = s.k, n = s.n, batch = s.batch;
  if (device.type() == DeviceType::cpu) {
    const std::size_t factor = s.in == DType::f64 ? sizeof(double) : sizeof(float);
    const std::size_t count = detail::packed_size(detail::cpu_limits(device), s);
    return {{.rows = k,
             .columns = n,
             .batch = batch,
             .batch_stride = static_cast<std::int64_t>(count / s.batch)},
            count * factor};
  }
  const auto row_stride = static_cast<std::int64_t>(detail::round_up(s.n, 4));
  return {{.rows = k, .columns = n, .row_stride = row_stride, .batch = batch},
          static_cast<std::size_t>(batch * k * row_stride) * size_of(s.in)};
}

detail::MatmulPlan plan_pack_rows(const MatmulSizes& s) {
  constexpr std::size_t group = 16;
  return {.file = "matmul/pack_rows.cl",
          .kernel = "matmul_pack_rows",
          .options = detail::matmul_options(s),
          .global = {detail::round_up(s.n, group), detail::round_up(s.k, group), s.batch},
          .local = {group, group, 1}};
}

/// All that was packed: the view's dtype may be narrower, and its rows end before the panels do.
BufferView storage_of(const PackedMatrix& packed) {
  return {packed.view().storage().buffer, 0, packed.nbytes()};
}

/// Launches a kernel that takes b, the packed operand and a Problem.
void launch_pack(const Stream& stream, const detail::MatmulPlan& plan, const MatmulSizes& s,
                 const MatrixView& b, const PackedMatrix& packed) {
  const detail::PlannedMatmul planned(stream, plan);
  const BufferView to = storage_of(packed);
  detail::with_sum_type(b.dtype(), [&](auto zero) {
    detail::MatmulArguments<decltype(zero)> arguments;
    arguments.b_offset = b.storage().offset / size_of(b.dtype());
    arguments.b_stride = static_cast<cl_uint>(b.row_stride());
    arguments.b_batch_stride = static_cast<cl_ulong>(b.batch_stride());
    arguments.out_stride = static_cast<cl_uint>(packed.view().row_stride());
    arguments.out_batch_stride = static_cast<cl_ulong>(packed.view().batch_stride());
    arguments.n = s.n;
    arguments.k = s.k;
    arguments.share = planned.share;
    planned.kernel.launch(stream, planned.range, KernelArgument::whole(b.storage(), Access::read),
                          KernelArgument::whole(to, Access::write), arguments);
  });
}

void check_packed(const MatmulOptions& options) {
  if (options.backend != MatmulBackend::automatic && options.backend != MatmulBackend::kernel) {
    throw InvalidArgument(
        fmt::format("[matmul] backend {}: a packed b is for Dovetail's own kernels; take `kernel`, "
                    "or give the matrix itself.",
                    to_string(options.backend)));
  }
  if (options.transpose_b) {
    throw InvalidArgument(
        "[matmul] transpose_b of a packed b: say so when it is packed, by PackedMatrix(stream, b, "
        "true).");
  }
}

void run(const Stream& stream, const detail::MatmulShape& shape, const GivenMatrix& a,
         const PackedMatrix& b, const GivenMatrix& out, const MatmulOptions& options) {
  const BufferView storage = storage_of(b);
  auto problem =
      detail::check_problem(stream, shape, a, GivenMatrix(b.view(), storage), out, options);
  if (!problem) return;
  if (problem->k == 0) return detail::matmul_epilogue(stream, *problem);
  problem->is_b_packed = b.is_in_panels();
  detail::matmul_kernel(stream, *problem);
}

}  // namespace

PackedMatrix::PackedMatrix(const Stream& stream, const MatrixView& b, bool transpose)
    : nbytes_(0), is_in_panels_(false), view_(b) {
  check_source(stream, b);
  is_in_panels_ = stream.device().type() == DeviceType::cpu;
  const MatmulSizes sizes = packing_sizes(b, transpose);
  const Room room = room_for(stream.device(), sizes);
  nbytes_ = room.nbytes;
  view_ = MatrixView(MemoryPool::of(stream.context()).allocate(stream, nbytes_), room.layout,
                     b.dtype());
  launch_pack(stream,
              is_in_panels_ ? detail::plan_pack_cpu(detail::cpu_limits(stream.device()), sizes)
                            : plan_pack_rows(sizes),
              sizes, b, *this);
}

Tensor matmul(const Stream& stream, const Tensor& a, const PackedMatrix& b,
              const MatmulOptions& options) {
  check_packed(options);
  detail::check_no_beta(options);
  const GivenMatrix given_a("a", a);
  const auto shape = detail::check_operands(stream, given_a, GivenMatrix(b.view()), options);
  Tensor out = Tensor::empty(stream, shape.result(), shape.dtype);
  run(stream, shape, given_a, b, GivenMatrix("out", out), options);
  return out;
}

void matmul_into(const Stream& stream, const MatrixView& a, const PackedMatrix& b,
                 const MatrixView& out, const MatmulOptions& options) {
  check_packed(options);
  const GivenMatrix given_a(a);
  const auto shape = detail::check_operands(stream, given_a, GivenMatrix(b.view()), options);
  run(stream, shape, given_a, b, GivenMatrix(out), options);
}

}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/packed_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "lib/ops/matmul_arguments.hpp"
#include "lib/ops/matmul_check.hpp"
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
  detail::check_matrix("PackedMatrix", stream, "b", GivenMatrix(b));
  if (std::min({b.rows(), b.columns(), b.batch()}) == 0) {
    throw InvalidArgument(
        fmt::format("[PackedMatrix] b {}: there is nothing to pack; multiply without.", b.str()));
  }
}

detail::MatmulPlan plan_pack_rows(const MatmulSizes& s) {
  return {.file = "matmul/pack_rows.cl",
          .kernel = "matmul_pack_rows",
          .options = detail::matmul_options(s),
          .global = {(s.n + 15U) / 16 * 16, (s.k + 15U) / 16 * 16, s.batch},
          .local = {16, 16, 1}};
}

/// Launches a kernel that takes b, the packed operand and a Problem.
void launch_pack(const Stream& stream, const detail::MatmulPlan& plan, const MatmulSizes& s,
                 const MatrixView& b, const PackedMatrix& packed) {
  const detail::PlannedMatmul planned(stream, plan);
  detail::MatmulArguments<cl_float> arguments;
  arguments.b_offset = b.storage().offset / size_of(b.dtype());
  arguments.b_stride = static_cast<cl_uint>(b.row_stride());
  arguments.b_batch_stride = static_cast<cl_ulong>(b.batch_stride());
  arguments.out_stride = static_cast<cl_uint>(packed.row_stride());
  arguments.out_batch_stride = static_cast<cl_ulong>(packed.batch_stride());
  arguments.n = s.n;
  arguments.k = s.k;
  arguments.share = planned.share;
  const auto launch = [&](const auto& problem) {
    planned.kernel.launch(stream, planned.range,
                          KernelArgument::whole(b.storage(), Access::read),
                          KernelArgument::whole(packed.storage(), Access::write), problem);
  };
  if (b.dtype() != DType::f64) return launch(arguments);
  launch(detail::MatmulArguments<cl_double>::of_shape(arguments));
}

void check_packed(const Stream& stream, const PackedMatrix& b, const MatmulOptions& options) {
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
  if (b.is_in_panels() != (stream.device().type() == DeviceType::cpu)) {
    throw InvalidArgument(
        "[matmul] b was packed for another kind of device of its context; pack it by a stream of "
        "this one.");
  }
}

GivenMatrix given(const PackedMatrix& b) {
  return {.storage = b.storage(),
          .dtype = b.dtype(),
          .rows = b.k(),
          .columns = b.n(),
          .row_stride = b.row_stride(),
          .batch = b.batch(),
          .batch_stride = b.batch_stride(),
          .is_batched = b.batch() != 1};
}

void run(const Stream& stream, const detail::MatmulShape& shape, const GivenMatrix& a,
         const PackedMatrix& b, const GivenMatrix& out, const MatmulOptions& options) {
  auto problem = detail::check_problem(stream, shape, a, given(b), out, options);
  if (!problem) return;
  problem->is_b_packed = b.is_in_panels();
  detail::matmul_kernel(stream, *problem);
}

}  // namespace

PackedMatrix::PackedMatrix(const Stream& stream, const MatrixView& b, bool transpose)
    : dtype_(b.dtype()),
      is_in_panels_(stream.device().type() == DeviceType::cpu),
      storage_{b.storage().buffer, 0, 0} {
  check_source(stream, b);
  const MatmulSizes sizes = packing_sizes(b, transpose);
  k_ = sizes.k;
  n_ = sizes.n;
  batch_ = sizes.batch;
  std::size_t element = size_of(dtype_);
  if (is_in_panels_) {
    element = dtype_ == DType::f64 ? sizeof(double) : sizeof(float);
    row_stride_ = n_;
    batch_stride_ =
        static_cast<std::int64_t>(detail::packed_size(stream.device(), sizes)) / batch_;
  } else {
    row_stride_ = (n_ + 3) / 4 * 4;
    batch_stride_ = k_ * row_stride_;
  }
  const std::size_t nbytes = static_cast<std::size_t>(batch_ * batch_stride_) * element;
  storage_ = {MemoryPool::of(stream.context()).allocate(stream, nbytes), 0, nbytes};
  launch_pack(stream,
              is_in_panels_ ? detail::plan_pack_cpu(stream.device(), sizes) : plan_pack_rows(sizes),
              sizes, b, *this);
}

Tensor matmul(const Stream& stream, const Tensor& a, const PackedMatrix& b,
              const MatmulOptions& options) {
  check_packed(stream, b, options);
  detail::check_no_beta(options);
  const GivenMatrix given_a("a", a);
  const auto shape = detail::check_operands(stream, given_a, given(b), options);
  Tensor out = detail::empty_result(stream, shape);
  run(stream, shape, given_a, b, GivenMatrix("out", out), options);
  return out;
}

void matmul_into(const Stream& stream, const MatrixView& a, const PackedMatrix& b,
                 const MatrixView& out, const MatmulOptions& options) {
  check_packed(stream, b, options);
  const GivenMatrix given_a(a);
  const auto shape = detail::check_operands(stream, given_a, given(b), options);
  run(stream, shape, given_a, b, GivenMatrix(out), options);
}

}  // namespace dovetail

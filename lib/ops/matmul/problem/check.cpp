// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/problem/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/ops/matmul/problem/arguments.hpp"
#include "lib/ops/matmul/problem/check_out.hpp"
#include "lib/stream/moved_buffer.hpp"

namespace dovetail::detail {
namespace {

constexpr DType multiplied[] = {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i8};
constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();

void check_dtype(const Device& device, const char* name, const MatrixView& matrix) {
  if (is_multiplied(device, matrix.dtype())) return;
  refuse_dtype(device, matrix.dtype(), fmt::format("[matmul] {} {}", name, matrix.str()));
}

void check_known(const MatmulOptions& options, Activation activation) {
  if (to_string(options.backend) == "unknown") {
    throw InvalidArgument(fmt::format(
        "[matmul] backend {} is no MatmulBackend; take one that matmul_backends() lists.",
        static_cast<int>(options.backend)));
  }
  if (to_string(activation) == "unknown") {
    throw InvalidArgument(
        fmt::format("[matmul] activation {} is no Activation; take one from none to silu.",
                    static_cast<int>(activation)));
  }
}

bool is_int32(double value) { return std::trunc(value) == value && std::abs(value) <= most; }

/// @throws InvalidArgument  int8 products cannot go through it.
void check_integral(const EpilogueInto& epilogue) {
  if (!is_int32(epilogue.alpha) || !is_int32(epilogue.beta)) {
    throw InvalidArgument(
        fmt::format("[matmul] alpha {} and beta {}: products of int8 are int32, whose factors must "
                    "be whole numbers that fit one.",
                    epilogue.alpha, epilogue.beta));
  }
  if (epilogue.activation != Activation::none && epilogue.activation != Activation::relu) {
    throw InvalidArgument(
        fmt::format("[matmul] activation {} of an int32 result; only relu is defined there.",
                    to_string(epilogue.activation)));
  }
}

/// As the kernels take alpha and beta: a beta that rounds to 0 is 0 to all backends.
double round_factor(double factor, DType operands) {
  return sum_dtype(operands) == DType::f32 ? static_cast<double>(static_cast<float>(factor))
                                           : factor;
}

/// Whether the matrices of a batch lie one under another, a row at a time or at equal distances.
bool is_tall(const MatrixView& matrix) {
  const std::int64_t stride = matrix.batch_stride();
  return matrix.rows() == 1
             ? stride >= matrix.columns() && stride <= std::numeric_limits<std::uint32_t>::max()
             : stride == matrix.rows() * matrix.row_stride();
}

/// A batch that shares b, one matrix under another, is one tall matrix.
void merge_batch(MatmulProblem& p) {
  MatmulSizes& s = p.sizes;
  auto& residual = p.epilogue.residual;
  if (s.batch == 1 || p.a.batch() == 1 || batch_stride_of(p.b) != 0 || s.transpose_a ||
      s.m > most / s.batch || !is_tall(p.a) || !is_tall(p.out) ||
      (residual && !is_tall(*residual))) {
    return;
  }
  const auto merge = [](MatrixView& matrix) {
    matrix = MatrixViewAccess::as_tall(
        matrix, matrix.rows() == 1 ? matrix.batch_stride() : matrix.row_stride());
  };
  merge(p.a);
  merge(p.out);
  if (residual) merge(*residual);
  s.m *= s.batch;
  s.batch = 1;
}

bool is_aligned(const MatrixView& matrix) noexcept {
  return (offset_of(matrix) | row_stride_of(matrix) | batch_stride_of(matrix)) % 4 == 0;
}

}  // namespace

bool is_multiplied(DType dtype) noexcept {
  return std::ranges::find(multiplied, dtype) != std::end(multiplied);
}

bool is_multiplied(const Device& device, DType dtype) {
  return is_multiplied(dtype) && (dtype != DType::f64 || device.has_extension("cl_khr_fp64"));
}

void refuse_dtype(const Device& device, DType dtype, std::string_view what) {
  if (dtype == DType::f64) {
    throw InvalidArgument(
        fmt::format("{} is float64, which device '{}' does not compute (it has no cl_khr_fp64); "
                    "use float32.",
                    what, device.name()));
  }
  throw InvalidArgument(
      fmt::format("{} is {}; float32, float64, float16, bfloat16 and int8 are multiplied.", what,
                  to_string(dtype)));
}

void check_place(const Stream& stream, std::string_view function, std::string_view name,
                 const MatrixView& matrix) {
  check_operand_not_moved_from(function, name, matrix.storage().buffer);
  if (!(matrix.storage().buffer.context() == stream.context())) {
    throw InvalidArgument(
        fmt::format("[{}] {} {} belongs to another context than the stream; copy it through the "
                    "host.",
                    function, name, matrix.str()));
  }
  if (matrix.row_stride() > std::numeric_limits<std::uint32_t>::max()) {
    throw InvalidArgument(
        fmt::format("[{}] {} {}: rows more than {} elements apart; copy them closer together.",
                    function, name, matrix.str(), std::numeric_limits<std::uint32_t>::max()));
  }
}

MatmulSizes check_operands(const Stream& stream, const MatrixView& a, const MatrixView& b,
                           const MatmulOptions& options, const EpilogueInto& epilogue) {
  check_known(options, epilogue.activation);
  check_not_moved_from("matmul", "stream", stream);
  check_place(stream, "matmul", "a", a);
  check_place(stream, "matmul", "b", b);
  check_dtype(stream.device(), "a", a);
  check_dtype(stream.device(), "b", b);
  const auto both = [&] {
    return fmt::format("[matmul] a {}{} and b {}{}", a.str(),
                       options.transpose_a ? " transposed" : "", b.str(),
                       options.transpose_b ? " transposed" : "");
  };
  if (a.dtype() != b.dtype()) {
    throw InvalidArgument(fmt::format("{}: dtypes {} and {} differ; cast one.", both(),
                                      to_string(a.dtype()), to_string(b.dtype())));
  }
  if (a.dtype() == DType::i8) check_integral(epilogue);
  const auto [m, k] =
      options.transpose_a ? std::pair(a.columns(), a.rows()) : std::pair(a.rows(), a.columns());
  const auto [b_k, n] =
      options.transpose_b ? std::pair(b.columns(), b.rows()) : std::pair(b.rows(), b.columns());
  if (k != b_k) {
    throw InvalidArgument(fmt::format("{}: inner sizes {} and {} differ.", both(), k, b_k));
  }
  if (std::max({m, n, k, a.batch(), b.batch()}) > most) {
    throw InvalidArgument(fmt::format("{}: a size above {}; split the product.", both(), most));
  }
  if (a.is_batched() && b.is_batched() && a.batch() != b.batch()) {
    throw InvalidArgument(
        fmt::format("{}: batches {} and {} differ.", both(), a.batch(), b.batch()));
  }
  return {.m = static_cast<std::uint32_t>(m),
          .n = static_cast<std::uint32_t>(n),
          .k = static_cast<std::uint32_t>(k),
          .batch = static_cast<std::uint32_t>(a.is_batched() ? a.batch() : b.batch()),
          .transpose_a = options.transpose_a,
          .transpose_b = options.transpose_b,
          .in = a.dtype(),
          .out = result_dtype(a.dtype())};
}

Shape result_shape(const MatrixView& a, const MatrixView& b, const MatmulSizes& s) {
  return a.is_batched() || b.is_batched() ? Shape{s.batch, s.m, s.n} : Shape{s.m, s.n};
}

std::optional<MatmulProblem> check_problem(const Stream& stream, const MatmulSizes& sizes,
                                           MatrixView a, MatrixView b, MatrixView out,
                                           const EpilogueInto& epilogue) {
  check_out(stream, sizes, a, b, out);
  check_epilogue(stream, out, epilogue);
  std::optional<MatmulProblem> problem;
  if (sizes.batch == 0 || sizes.m == 0 || sizes.n == 0) return problem;
  problem.emplace(sizes, std::move(a), std::move(b), std::move(out), epilogue);
  auto& [alpha, beta, bias, residual, activation] = problem->epilogue;
  alpha = round_factor(alpha, sizes.in);
  beta = round_factor(beta, sizes.in);
  merge_batch(*problem);
  MatmulSizes& s = problem->sizes;
  if (alpha == 0.0) s.k = 0;  // BLAS reads neither operand, so that their NaN stays there
  s.out = problem->out.dtype();
  s.has_epilogue =
      alpha != 1.0 || beta != 0.0 || bias || residual || activation != Activation::none;
  s.is_a_aligned = is_aligned(problem->a);
  s.is_b_aligned = is_aligned(problem->b);
  s.is_out_aligned = is_aligned(problem->out);
  return problem;
}

}  // namespace dovetail::detail

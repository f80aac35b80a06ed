// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dovetail/core/error.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/ops/matmul_arguments.hpp"
#include "lib/ops/matmul_check_out.hpp"

namespace dovetail::detail {
namespace {

std::string both(const GivenMatrix& a, const GivenMatrix& b, const MatmulOptions& options) {
  return fmt::format("[matmul] a {}{} and b {}{}", a.str(),
                     options.transpose_a ? " transposed" : "", b.str(),
                     options.transpose_b ? " transposed" : "");
}

void check_dtype(const Device& device, const char* name, const GivenMatrix& matrix) {
  if (is_multiplied(device, matrix.dtype)) return;
  refuse_dtype(device, matrix.dtype, fmt::format("[matmul] {} {}", name, matrix.str()));
}

void check_known(const MatmulOptions& options) {
  if (options.backend > MatmulBackend::reference || options.backend < MatmulBackend::automatic) {
    throw InvalidArgument(fmt::format(
        "[matmul] backend {} is no MatmulBackend; take one that matmul_backends() lists.",
        static_cast<int>(options.backend)));
  }
  if (options.activation > Activation::silu || options.activation < Activation::none) {
    throw InvalidArgument(
        fmt::format("[matmul] activation {} is no Activation; take one from none to silu.",
                    static_cast<int>(options.activation)));
  }
}

bool is_int32(double value) {
  return std::trunc(value) == value && std::abs(value) <= std::numeric_limits<std::int32_t>::max();
}

/// What int8 products cannot go through.
void check_integral(const GivenMatrix& a, const MatmulOptions& options) {
  if (a.dtype != DType::i8) return;
  if (!is_int32(options.alpha) || !is_int32(options.beta)) {
    throw InvalidArgument(
        fmt::format("[matmul] alpha {} and beta {}: products of int8 are int32, whose factors must "
                    "be whole numbers that fit one.",
                    options.alpha, options.beta));
  }
  if (options.activation != Activation::none && options.activation != Activation::relu) {
    throw InvalidArgument(
        fmt::format("[matmul] activation {} of an int32 result; only relu is defined there.",
                    to_string(options.activation)));
  }
}

/// As the kernels take alpha and beta: a beta that rounds to 0 is 0 to all backends.
double round_factor(double factor, DType operands) {
  return sum_dtype(operands) == DType::f32 ? static_cast<double>(static_cast<float>(factor))
                                           : factor;
}

/// A batch that shares b, one under another, is one tall matrix.
void merge_batch(MatmulProblem& p) {
  if (p.batch == 1 || p.b.batch_stride != 0 || p.transpose_a) return;
  // From a row of one matrix to the same of the next; single rows may lie any distance apart.
  const auto follow_on = [&](const MatmulOperand& matrix, std::size_t columns) {
    if (!matrix) return true;
    return p.m == 1 ? matrix.batch_stride >= columns &&
                          matrix.batch_stride <= std::numeric_limits<std::uint32_t>::max()
                    : matrix.batch_stride == p.m * matrix.row_stride;
  };
  constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
  if (p.m > most / p.batch || !follow_on(p.a, p.k) || !follow_on(p.out, p.n) ||
      !follow_on(p.residual, p.n)) {
    return;
  }
  for (MatmulOperand* matrix : {&p.a, &p.out, &p.residual}) {
    if (p.m == 1) matrix->row_stride = matrix->batch_stride;
    matrix->batch_stride = 0;
  }
  p.m *= p.batch;
  p.batch = 1;
}

}  // namespace

bool is_multiplied(const Device& device, DType dtype) {
  switch (dtype) {
    case DType::f64:
      return device.has_extension("cl_khr_fp64");
    case DType::f32:
    case DType::f16:
    case DType::bf16:
    case DType::i8:
      return true;
    default:
      return false;
  }
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

void check_no_beta(const MatmulOptions& options) {
  if (options.beta == 0.0) return;
  throw InvalidArgument(fmt::format(
      "[matmul] beta {}: there is no out yet to be added; use matmul_into.", options.beta));
}

MatmulShape check_operands(const Stream& stream, const GivenMatrix& a, const GivenMatrix& b,
                           const MatmulOptions& options) {
  check_known(options);
  check_not_moved_from("matmul", "stream", stream);
  check_place(stream, "matmul", "a", a);
  check_place(stream, "matmul", "b", b);
  check_dtype(stream.device(), "a", a);
  check_dtype(stream.device(), "b", b);
  if (a.dtype != b.dtype) {
    throw InvalidArgument(fmt::format("{}: dtypes {} and {} differ; cast one.", both(a, b, options),
                                      to_string(a.dtype), to_string(b.dtype)));
  }
  check_integral(a, options);
  const std::int64_t m = options.transpose_a ? a.columns : a.rows;
  const std::int64_t k = options.transpose_a ? a.rows : a.columns;
  const std::int64_t b_k = options.transpose_b ? b.columns : b.rows;
  const std::int64_t n = options.transpose_b ? b.rows : b.columns;
  if (k != b_k) {
    throw InvalidArgument(
        fmt::format("{}: inner sizes {} and {} differ.", both(a, b, options), k, b_k));
  }
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (std::max({m, n, k, a.batch, b.batch}) > most) {
    throw InvalidArgument(
        fmt::format("{}: a size above {}; split the product.", both(a, b, options), most));
  }
  if (a.is_batched && b.is_batched && a.batch != b.batch) {
    throw InvalidArgument(
        fmt::format("{}: batches {} and {} differ.", both(a, b, options), a.batch, b.batch));
  }
  return {.batch = a.is_batched ? a.batch : b.batch,
          .m = m,
          .n = n,
          .k = k,
          .is_batched = a.is_batched || b.is_batched,
          .dtype = result_dtype(a.dtype)};
}

std::optional<MatmulProblem> check_problem(const Stream& stream, const MatmulShape& shape,
                                           const GivenMatrix& a, const GivenMatrix& b,
                                           const GivenMatrix& out, const MatmulOptions& options) {
  check_out(stream, shape, a, b, out);
  const double alpha = round_factor(options.alpha, a.dtype);
  MatmulProblem problem{.batch = static_cast<std::size_t>(shape.batch),
                        .m = static_cast<std::size_t>(shape.m),
                        .n = static_cast<std::size_t>(shape.n),
                        // BLAS reads neither operand, so that their NaN stays there.
                        .k = alpha == 0.0 ? 0 : static_cast<std::size_t>(shape.k),
                        .transpose_a = options.transpose_a,
                        .transpose_b = options.transpose_b,
                        .a = a.operand(),
                        .b = b.operand(),
                        .out = out.operand(),
                        .alpha = alpha,
                        .beta = round_factor(options.beta, a.dtype),
                        .bias = {},
                        .residual = {},
                        .activation = options.activation};
  if (options.bias) problem.bias = check_bias(stream, shape, out, *options.bias);
  if (options.residual) problem.residual = check_residual(stream, out, *options.residual);
  if (problem.batch == 0 || problem.m == 0 || problem.n == 0) return std::nullopt;
  merge_batch(problem);
  return problem;
}

}  // namespace dovetail::detail

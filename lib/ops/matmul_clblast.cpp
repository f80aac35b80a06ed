// SPDX-License-Identifier: Apache-2.0
// The vendor path: CLBlast's products in the stream's own queue, and our epilogue behind them.
#include <fmt/format.h>

#include <limits>

#include "dovetail/core/error.hpp"
#include "lib/ops/matmul_clblast_gemm.hpp"
#include "lib/ops/matmul_epilogue.hpp"
#include "lib/ops/matmul_problem.hpp"

namespace dovetail::detail {
namespace {

constexpr const char* routine = "CLBlast Gemm";
constexpr int not_implemented = -1024, no_half_precision = -2045;  // of clblast::StatusCode

/// CLBlast's kernels count in int.
void check_reach(const char* name, const MatmulOperand& operand) {
  const std::size_t elements =
      (operand.storage->offset + operand.storage->nbytes) / size_of(operand.dtype);
  constexpr std::size_t most = std::numeric_limits<cl_int>::max();
  if (elements > most) {
    throw VendorError(routine, not_implemented,
                      fmt::format("{} ends {} elements behind its buffer's start, and CLBlast "
                                  "counts to {}; use another backend.",
                                  name, elements, most));
  }
}

void check_half(const Stream& stream, const MatmulProblem& p) {
  if (!stream.device().has_extension("cl_khr_fp16")) {
    throw VendorError(routine, no_half_precision,
                      fmt::format("float16 takes cl_khr_fp16, which device '{}' does not have; use "
                                  "another backend.",
                                  stream.device().name()));
  }
  constexpr double most = 65504;
  if (p.alpha > most || p.alpha < -most || p.beta > most || p.beta < -most) {
    throw VendorError(routine, not_implemented,
                      fmt::format("alpha {} and beta {} must be float16, which reaches to {}; use "
                                  "another backend.",
                                  p.alpha, p.beta, most));
  }
}

void check_offered(const Stream& stream, const MatmulProblem& p) {
  const DType in = p.a.dtype, out = p.out.dtype;
  if (in != out || (in != DType::f32 && in != DType::f64 && in != DType::f16)) {
    throw VendorError(routine, not_implemented,
                      fmt::format("{} to {} is not offered: CLBlast multiplies float32, float64 "
                                  "and float16, each to itself; use another backend.",
                                  to_string(in), to_string(out)));
  }
  if (in == DType::f16) check_half(stream, p);
  check_reach("a", p.a);
  check_reach("b", p.b);
  check_reach("out", p.out);
}

/// What follows once out holds the product.
MatmulProblem rest_of(const MatmulProblem& p) {
  MatmulProblem rest = p;
  rest.alpha = rest.beta = 1.0;
  return rest;
}

/// A residual that lies where out does would be gone when the epilogue comes to it: CLBlast adds
/// it, as more of beta.
void take_in_residual(const Stream& stream, MatmulProblem& p) {
  if (!p.residual || !(p.residual.storage->buffer == p.out.storage->buffer) ||
      p.residual.offset() != p.out.offset()) {
    return;
  }
  if (p.beta == -1.0) {  // with a beta of 0, NaN would not get through
    MatmulProblem difference = p;
    difference.alpha = 1.0;
    difference.bias = {};
    difference.activation = Activation::none;
    matmul_epilogue(stream, difference);
    p.beta = 0.0;
  }
  p.beta += 1.0;
  p.residual = {};
}

}  // namespace

bool has_clblast() noexcept { return true; }

bool clblast_offers(const Stream& stream, const MatmulProblem& problem) try {
  check_offered(stream, problem);
  return true;
} catch (const VendorError&) {
  return false;
}

void matmul_clblast(const Stream& stream, const MatmulProblem& problem) {
  check_offered(stream, problem);
  MatmulProblem p = problem;
  take_in_residual(stream, p);
  clblast_gemm(stream, p);
  if (p.bias || p.residual || p.activation != Activation::none) {
    matmul_epilogue(stream, rest_of(p));
  }
}

}  // namespace dovetail::detail

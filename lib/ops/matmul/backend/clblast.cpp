// SPDX-License-Identifier: Apache-2.0
// The vendor path: CLBlast's products in the stream's own queue, and our epilogue behind them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "dovetail/core/error.hpp"
#include "lib/ops/matmul/backend/clblast_gemm.hpp"
#include "lib/ops/matmul/backend/epilogue.hpp"
#include "lib/ops/matmul/problem/problem.hpp"

namespace dovetail::detail {
namespace {

/// Why CLBlast does not offer a product.
struct Refusal {
  int code;  ///< Of clblast::StatusCode.
  std::string reason;
};

/// CLBlast's kernels count in int.
bool is_in_reach(const MatrixView& matrix) {
  const std::size_t end = matrix.storage().offset + matrix.storage().nbytes;
  return end / size_of(matrix.dtype()) <= std::numeric_limits<cl_int>::max();
}

std::optional<Refusal> refuse_half(const Device& device, const EpilogueInto& epilogue) {
  if (!device.has_extension("cl_khr_fp16")) {
    return Refusal{
        clblast_codes.no_half_precision,
        fmt::format("float16 takes cl_khr_fp16, which device '{}' does not have", device.name())};
  }
  constexpr double most = 65504;
  if (std::max(std::abs(epilogue.alpha), std::abs(epilogue.beta)) > most) {
    return Refusal{clblast_codes.not_implemented,
                   fmt::format("alpha {} and beta {} must be float16, which reaches to {}",
                               epilogue.alpha, epilogue.beta, most)};
  }
  return std::nullopt;
}

/// Returns nothing for a product that CLBlast offers.
std::optional<Refusal> refuse(const Stream& stream, const MatmulProblem& p) {
  const DType in = p.sizes.in, out = p.sizes.out;
  if (in != out || (in != DType::f32 && in != DType::f64 && in != DType::f16)) {
    return Refusal{clblast_codes.not_implemented,
                   fmt::format("{} to {} is not offered: CLBlast multiplies float32, float64 and "
                               "float16, each to itself",
                               to_string(in), to_string(out))};
  }
  for (const auto& [name, matrix] : {std::pair("a", &p.a), {"b", &p.b}, {"out", &p.out}}) {
    if (is_in_reach(*matrix)) continue;
    return Refusal{
        clblast_codes.not_implemented,
        fmt::format("{} ends more than {} elements after its buffer's start, and CLBlast "
                    "counts no further",
                    name, std::numeric_limits<cl_int>::max())};
  }
  return in == DType::f16 ? refuse_half(stream.device(), p.epilogue) : std::nullopt;
}

/// What follows once out holds the product.
MatmulProblem rest_of(const MatmulProblem& p) {
  MatmulProblem rest = p;
  rest.epilogue.alpha = rest.epilogue.beta = 1.0;
  return rest;
}

/// A residual that lies where out does would be gone when the epilogue comes to it: CLBlast adds
/// it, as more of beta.
void take_in_residual(const Stream& stream, MatmulProblem& p) {
  auto& [alpha, beta, bias, residual, activation] = p.epilogue;
  if (!residual || !(residual->storage().buffer == p.out.storage().buffer) ||
      offset_of(*residual) != offset_of(p.out)) {
    return;
  }
  if (beta == -1.0) {  // with a beta of 0, NaN would not get through
    MatmulProblem difference = p;
    difference.epilogue.alpha = 1.0;
    difference.epilogue.bias.reset();
    difference.epilogue.activation = Activation::none;
    matmul_epilogue(stream, difference);
    beta = 0.0;
  }
  beta += 1.0;
  residual.reset();
}

}  // namespace

bool has_clblast() noexcept { return true; }

bool clblast_offers(const Stream& stream, const MatmulProblem& problem) {
  return !refuse(stream, problem);
}

void matmul_clblast(const Stream& stream, const MatmulProblem& problem) {
  if (const auto refusal = refuse(stream, problem)) {
    throw VendorError("CLBlast Gemm", refusal->code, refusal->reason + "; use another backend.");
  }
  MatmulProblem p = problem;
  take_in_residual(stream, p);
  clblast_gemm(stream, p);
  const auto& [alpha, beta, bias, residual, activation] = p.epilogue;
  if (bias || residual || activation != Activation::none) matmul_epilogue(stream, rest_of(p));
}

}  // namespace dovetail::detail

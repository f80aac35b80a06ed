// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/matmul_bound.hpp"

#include <cmath>

namespace dovetail::test {
namespace {

long double unit_roundoff(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return 0x1p-53L;
    case DType::f16:
      return 0x1p-11L;
    case DType::bf16:
      return 0x1p-8L;
    default:
      return 0x1p-24L;
  }
}

/// Returns the largest loss by rounding to zero; float32 and bfloat16 may flush subnormal numbers.
long double smallest(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return 0x1p-1022L;
    case DType::f16:
      return 0x1p-25L;
    default:
      return 0x1p-126L;
  }
}

DType sum_type(const MatmulArithmetic& arithmetic) {
  if (arithmetic.in == DType::f64) return DType::f64;
  // CLBlast accumulates in the operands' type.
  const bool in_half = arithmetic.in == DType::f16 && arithmetic.backend == MatmulBackend::clblast;
  return in_half ? DType::f16 : DType::f32;
}

long double activate(long double x, Activation activation) {
  const bool is_smooth = activation != Activation::none && activation != Activation::relu;
  if (is_smooth && std::isinf(x) && x < 0) return 0;  // the limit
  switch (activation) {
    case Activation::relu:
      return x < 0 ? 0 : x;
    case Activation::gelu:
      return x / 2 * std::erfc(x * -0.70710678118654752440084L);
    case Activation::gelu_tanh:
      return x / (1 + std::exp(-2 * 0.79788456080286535587989L * (x + 0.044715L * x * x * x)));
    case Activation::silu:
      return x / (1 + std::exp(-x));
    default:
      return x;
  }
}

/// Returns the value before the activation. A term with the factor 0 is not read.
long double affine(const MatmulArithmetic& how, const ExactElement& element) {
  const long double product = how.alpha == 0.0 ? 0 : how.alpha * element.product;
  const long double kept = how.beta == 0.0 ? 0 : how.beta * element.old_out;
  return product + kept + element.bias + element.residual;
}

}  // namespace

long double MatmulArithmetic::exact(const ExactElement& element) const {
  return activate(affine(*this, element), activation);
}

long double MatmulArithmetic::bound(const ExactElement& element) const {
  if (in == DType::i8) return 0;
  const long double u = unit_roundoff(sum_type(*this));
  const auto gamma = [u](auto n) { return n * u / (1 - n * u); };
  const auto count = static_cast<long double>(k);
  const long double scaled = alpha == 0.0 ? 0 : std::abs(alpha * element.magnitude);
  const long double kept = beta == 0.0 ? 0 : std::abs(beta * element.old_out);
  const long double before =
      gamma(count) * scaled + gamma(8) * ((1 + gamma(count)) * scaled + kept +
                                          std::abs(element.bias) + std::abs(element.residual));
  long double error = before;
  if (activation != Activation::none && activation != Activation::relu) {
    const long double x = std::abs(affine(*this, element)) + before;
    const long double result = std::abs(exact(element)) + 1.13L * before;
    error = 1.13L * before + u * (40 * result + 8) + smallest(sum_type(*this)) * (1 + x);
  }
  if (out != sum_type(*this)) error += unit_roundoff(out) * (std::abs(exact(element)) + error);
  return error + smallest(out);
}

}  // namespace dovetail::test

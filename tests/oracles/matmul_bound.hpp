// SPDX-License-Identifier: Apache-2.0
// Bounds the error of a product.
#pragma once

#include "dovetail/ops/matmul.hpp"

namespace dovetail::test {

/// One element of out, computed in higher precision than the backend's.
struct ExactElement {
  long double product = 0;    ///< Sum over p of op(a)[i, p] op(b)[p, j].
  long double magnitude = 0;  ///< Sum over p of their absolute values.
  long double old_out = 0, bias = 0, residual = 0;
};

/// What a product does to each element, and in which arithmetic.
struct MatmulArithmetic {
  MatmulBackend backend;
  DType in, out;
  std::int64_t k;
  double alpha, beta;
  Activation activation;

  /// Returns activation(alpha product + beta out + bias + residual).
  long double exact(const ExactElement& element) const;

  /// Returns the largest allowed distance of out from `exact`.
  ///
  /// Let u be the unit roundoff of the type of the accumulator, gamma(n) = n u / (1 - n u), and
  /// S = sum over p of |a| |b|. In any order of summation, fused or not, the sum is within
  /// gamma(k) S of the exact one (Higham, Accuracy and Stability of Numerical Algorithms, 2nd
  /// edition, 2002, (3.5) and lemma 3.1). Each term of alpha sum + beta out + bias + residual
  /// meets up to 8 more roundings: that of alpha or beta to the type, its product, three
  /// additions, and CLBlast's result on its way through out. Before the activation the error is up
  /// to
  ///   e = |alpha| gamma(k) S + gamma(8) (|alpha| (1 + gamma(k)) S + |beta out| + |bias| +
  ///   |residual|).
  /// No activation f is steeper than 1.13 anywhere. Evaluating one costs up to u (40 |f| + 8):
  /// OpenCL grants erfc 16, exp 3 and division 2.5 units in the last place, of 2 u each (OpenCL C
  /// 3.0, "Relative Error as ULPs"), which with the other operations are relative to f; the
  /// rounding of what erfc and exp are taken of adds less than 8 u, as x^2 f'(x) is small where f
  /// bends. Rounding to a narrower out adds its unit roundoff times the result, or half its
  /// smallest number.
  /// int8 is exact.
  long double bound(const ExactElement& element) const;
};

}  // namespace dovetail::test

// SPDX-License-Identifier: Apache-2.0
// What a matrix product goes through on its way into memory.
#pragma once

#include <optional>
#include <string_view>

#include "dovetail/core/export.hpp"
#include "dovetail/ops/matrix_view.hpp"
#include "dovetail/tensor/tensor.hpp"

namespace dovetail {

/// The function that is applied to a product last.
enum class Activation {
  none,
  relu,       ///< max(x, 0); NaN stays NaN, as in all of them.
  gelu,       ///< x Phi(x), with the error function.
  gelu_tanh,  ///< Approximates gelu by tanh (Hendrycks & Gimpel, arXiv:1606.08415).
  silu,       ///< x / (1 + exp(-x)).
};

/// Returns "none", "relu", "gelu", "gelu_tanh" or "silu"; "unknown" for a value that is no
/// activation.
DOVETAIL_EXPORT std::string_view to_string(Activation activation) noexcept;

/// Describes activation(alpha * product + bias + residual).
struct Epilogue {
  double alpha = 1.0;                    ///< If it rounds to 0, the operands are not read.
  std::optional<Tensor> bias{};          ///< [n], of the dtype of the result: added to each row.
  std::optional<MatrixView> residual{};  ///< Of the shape and dtype of the result.
  Activation activation = Activation::none;
};

/// Describes activation(alpha * product + beta * out + bias + residual), for a product into memory
/// that exists.
struct EpilogueInto {
  double alpha = 1.0;                    ///< If it rounds to 0, the operands are not read.
  double beta = 0.0;                     ///< If it rounds to 0, `out` is not read.
  std::optional<Tensor> bias{};          ///< [n], of the dtype of the result: added to each row.
  std::optional<MatrixView> residual{};  ///< Of the shape and dtype of the result; may be `out`.
  Activation activation = Activation::none;
};

}  // namespace dovetail

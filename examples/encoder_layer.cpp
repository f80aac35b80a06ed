// SPDX-License-Identifier: Apache-2.0
// Shows: a transformer's encoder layer, its norms left out, in seven launches: the heads are views,
// the causal mask, biases, activation and residual connections parts of the products.
// Prints: the first element of each token's result.
#include <cmath>
#include <cstdio>
#include <dovetail/dovetail.hpp>
#include <limits>
#include <vector>

namespace {

using namespace dovetail;

constexpr std::int64_t tokens = 8, width = 64, heads = 4, hidden = 4 * width;

/// One matrix for each head, side by side in the columns of `tensor` from `column` on.
MatrixView heads_of(const Tensor& tensor, std::int64_t column) {
  const BufferView& data = tensor.storage();
  return {data.buffer,
          {.rows = tokens,
           .columns = width / heads,
           .row_stride = tensor.shape()[1],
           .batch = heads,
           .batch_stride = width / heads},
          tensor.dtype(),
          data.offset + static_cast<std::size_t>(column) * sizeof(float)};
}

/// One matrix that all heads share: 0 where a token may look, minus infinity at those that follow.
MatrixView causal_mask(const Context& context) {
  std::vector<float> values(tokens * tokens, 0.0f);
  for (std::size_t row = 0; row < tokens; ++row) {
    for (std::size_t column = row + 1; column < tokens; ++column) {
      values[row * tokens + column] = -std::numeric_limits<float>::infinity();
    }
  }
  const Tensor mask = Tensor::from_host<float>(context, values, {tokens, tokens});
  return {mask.storage().buffer,
          {.rows = tokens, .columns = tokens, .batch = heads, .batch_stride = 0},
          mask.dtype(),
          mask.storage().offset};
}

/// A [width, columns] matrix that takes column j - from of its operand to column j.
Tensor identity(const Context& context, std::int64_t columns, std::int64_t from) {
  std::vector<float> values(static_cast<std::size_t>(width * columns), 0.0f);
  for (std::int64_t i = 0; i < width; ++i) {
    values[static_cast<std::size_t>(i * columns + from + i)] = 1.0f;
  }
  return Tensor::from_host<float>(context, values, {width, columns});
}

}  // namespace

int main() {
  const Stream stream;
  const Context& context = stream.context();

  // Weights that make the result known: queries and keys are 0, so that a token attends equally to
  // itself and all before it; values are x, which is t in all of token t's row.
  std::vector<float> x_values;
  for (std::int64_t i = 0; i < tokens * width; ++i) {
    x_values.push_back(static_cast<float>(i / width));
  }
  const Tensor x = Tensor::from_host<float>(context, x_values, {tokens, width});
  const Tensor w_qkv = identity(context, 3 * width, 2 * width);
  const Tensor b_qkv = Tensor::zeros(stream, {3 * width});
  const Tensor w_out = identity(context, width, 0);
  const Tensor b_out = Tensor::full(stream, {width}, 1.0);
  const Tensor w1 = Tensor::zeros(stream, {width, hidden});
  const Tensor b1 = Tensor::full(stream, {hidden}, 1.0);
  const Tensor w2 = Tensor::full(stream, {hidden, width}, 1.0 / hidden);
  const Tensor b2 = Tensor::zeros(stream, {width});
  const MatrixView mask = causal_mask(context);

  // Attention: nothing is transposed, split, masked or merged by a launch of its own.
  const Tensor qkv = matmul(stream, x, w_qkv, {}, {.bias = b_qkv});
  const MatrixView queries = heads_of(qkv, 0), keys = heads_of(qkv, width),
                   values = heads_of(qkv, 2 * width);
  const Tensor scores = Tensor::empty(stream, {heads, tokens, tokens});
  matmul_into(stream, queries, keys, scores, {.transpose_b = true},
              {.alpha = 1 / std::sqrt(double(width) / heads), .residual = mask});
  const Tensor merged = Tensor::empty(stream, {tokens, width});
  matmul_into(stream, softmax(stream, scores), values, heads_of(merged, 0));
  const Tensor attended = matmul(stream, merged, w_out, {}, {.bias = b_out, .residual = x});

  // Feed-forward: with these weights it adds 1.
  const Tensor h = matmul(stream, attended, w1, {}, {.bias = b1, .activation = Activation::relu});
  const Tensor y = matmul(stream, h, w2, {}, {.bias = b2, .residual = attended});

  const std::vector<float> result = y.to_host<float>(stream);  // the only wait
  bool is_right = true;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const float token = static_cast<float>(i / width);
    is_right = is_right && std::abs(result[i] - (token / 2 + 1 + token + 1)) < 1e-4f;
    if (i % width == 0) std::printf("%g\n", static_cast<double>(result[i]));
  }
  return is_right ? 0 : 1;
}

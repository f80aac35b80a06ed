// SPDX-License-Identifier: Apache-2.0
// Shows: a feed-forward block in bfloat16, y = x + W2 relu(W1 x + b1) + b2, in two launches.
// Prints: how many elements the result has, and their value.
#include <cstdio>
#include <dovetail/dovetail.hpp>
#include <vector>

int main() {
  using namespace dovetail;
  constexpr std::int64_t tokens = 128, width = 256, hidden = 4 * width;
  const Stream stream;

  // Each element a power of two, so that the result is known to the last bit.
  const Tensor x = Tensor::full(stream, {tokens, width}, 0.5, DType::bf16);
  const Tensor w1 = Tensor::full(stream, {hidden, width}, 0x1p-5, DType::bf16);  // [out, in]
  const Tensor b1 = Tensor::full(stream, {hidden}, -2.0, DType::bf16);
  const Tensor w2 = Tensor::full(stream, {width, hidden}, 0x1p-10, DType::bf16);
  const Tensor b2 = Tensor::full(stream, {width}, 0.25, DType::bf16);

  // 256 products of 1/64 are 4; with the bias 2.
  const Tensor h =
      matmul(stream, x, w1, {.transpose_b = true}, {.bias = b1, .activation = Activation::relu});
  // 1024 products of 1/512 are 2; with bias and residual 2.75.
  const Tensor y = matmul(stream, h, w2, {.transpose_b = true}, {.bias = b2, .residual = x});

  const std::vector<BFloat16> values = y.to_host<BFloat16>(stream);  // the only wait
  for (const BFloat16 value : values) {
    if (static_cast<float>(value) != 2.75f) {
      std::printf("wrong: %g\n", static_cast<double>(static_cast<float>(value)));
      return 1;
    }
  }
  std::printf("%zu elements of %g\n", values.size(),
              static_cast<double>(static_cast<float>(values[0])));
}

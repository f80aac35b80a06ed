// SPDX-License-Identifier: Apache-2.0
// Tensors, their operations and matrix products.
#include <numeric>
#include <vector>

#include "dovetail/ops/elementwise.hpp"
#include "dovetail/ops/matmul.hpp"
#include "dovetail/ops/packed_matrix.hpp"
#include "dovetail/ops/softmax.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/faults/sweep/workload.hpp"

namespace dovetail::sweep {
namespace {

std::vector<float> floats(std::size_t size, float value) { return std::vector<float>(size, value); }

void tensors(Fixture& fixture) {
  const Stream &first = fixture.stream(0), &second = fixture.stream(1);
  const Shape shape{count / 16, 16};
  const Tensor zeros = Tensor::zeros(first, shape);
  const Tensor twos = Tensor::full(second, shape, 2.0);
  const std::vector<float> threes = floats(count, 3);
  const Tensor given = Tensor::from_host<float>(fixture.context(), threes, shape);
  const Tensor sum = add(first, add(second, zeros, twos), given);
  expect("a sum", sum.to_host<float>(first), floats(count, 5));
  const StreamGuard guard(fixture.stream(2));
  const Tensor product = multiply(sum, relu(sum)).view({count});
  expect("a product", product.to_host<float>(second), floats(count, 25));
  unary_into(first, UnaryOperation::negate, product, product);
  expect("a negative", product.to_host<float>(second), floats(count, -25));
  expect("a softmax", softmax(twos).to_host<float>(first), floats(count, 1.0f / 16));
}

void products(Fixture& fixture) {
  const Stream& stream = fixture.stream(0);
  const Tensor a = Tensor::full(stream, {17, 9}, 2.0), b = Tensor::full(stream, {9, 5}, 3.0);
  const Tensor bias = Tensor::full(fixture.stream(1), {5}, -60.0);
  for (const MatmulBackend backend : matmul_backends()) {
    expect("a matrix product",
           matmul(fixture.stream(1), a, b, {.backend = backend}).to_host<float>(stream),
           floats(85, 54));
    expect(
        "a product with its bias and activation",
        matmul(stream, a, b, {.backend = backend}, {.bias = bias, .activation = Activation::relu})
            .to_host<float>(stream),
        floats(85, 0));
  }
  const PackedMatrix packed(stream, b);
  expect("a product with a packed matrix",
         matmul(fixture.stream(1), a, packed).to_host<float>(stream), floats(85, 54));
}

void larger_products(Fixture& fixture) {
  const Stream& stream = fixture.stream(2);
  const Tensor a = Tensor::full(stream, {3, 130, 70}, 1.0),
               b = Tensor::full(stream, {3, 70, 40}, 2.0);
  const Tensor out = Tensor::full(fixture.stream(1), {3, 130, 40}, 5.0);
  matmul_into(stream, a, b, out, {}, {.alpha = 0.5, .beta = 2.0});
  expect("products in a batch", out.to_host<float>(fixture.stream(0)), floats(3 * 130 * 40, 80));
}

}  // namespace

const std::vector<Section> tensor_sections{
    {"tensors", tensors}, {"products", products}, {"larger products", larger_products}};

}  // namespace dovetail::sweep

// SPDX-License-Identifier: Apache-2.0
// What matmul computes, over every backend.
#include "dovetail/ops/matmul.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "tests/support/contexts.hpp"
#include "tests/support/matmul_backends.hpp"
#include "tests/support/matmul_products.hpp"
#include "tests/support/matrices.hpp"

namespace dovetail {
namespace {

using test::a_shape;
using test::b_shape;
using test::context;
using test::Matmul;
using test::out_shape;
using test::Product;
using test::random_values;

DOVETAIL_FOR_EACH_BACKEND(Matmul);

TEST_P(Matmul, MultipliesSizesAroundTheKernelsBlocks) {
  constexpr std::size_t around[] = {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65};
  for (std::size_t i = 0; i < std::size(around); ++i) {
    // Each size meets others in every place, without all 12^3 of their combinations.
    expect_right({.m = around[i], .n = around[(i * 5 + 1) % 12], .k = around[(i * 7 + 2) % 12]});
    expect_right({.m = around[i], .n = around[i], .k = around[i]});
    if (HasFatalFailure()) return;
  }
}

TEST_P(Matmul, MultipliesPrimesAndLongOrFlatMatrices) {
  for (const Product& product :
       {Product{.m = 61, .n = 67, .k = 71}, Product{.m = 127, .n = 129, .k = 63},
        Product{.m = 129, .n = 127, .k = 131}, Product{.m = 257, .n = 3, .k = 5},
        Product{.m = 3, .n = 1031, .k = 2}, Product{.m = 2, .n = 3, .k = 2053},
        Product{.m = 40, .n = 70, .k = 1025}}) {
    expect_right(product);
    if (HasFatalFailure()) return;
  }
}

TEST_P(Matmul, MultipliesVectors) {
  for (const Product& product :
       {Product{.m = 1, .n = 300, .k = 70}, Product{.m = 300, .n = 1, .k = 70},
        Product{.m = 1, .n = 1, .k = 1000}, Product{.m = 1, .n = 2, .k = 1},
        Product{.m = 5, .n = 1, .k = 1}, Product{.m = 1, .n = 1009, .k = 3},
        Product{.m = 1009, .n = 1, .k = 1}, Product{.m = 2, .n = 257, .k = 129},
        Product{.m = 257, .n = 4, .k = 129}}) {
    expect_right(product);
    if (HasFatalFailure()) return;
  }
}

TEST_P(Matmul, MultipliesMatricesThatTheVendorPads) {
  expect_right({.m = 301, .n = 299, .k = 203});
  expect_right({.m = 512, .n = 256, .k = 320});
}

TEST_P(Matmul, MultipliesBatches) {
  for (const Product& product :
       {Product{.m = 17, .n = 33, .k = 9, .batch = 3}, Product{.m = 1, .n = 40, .k = 5, .batch = 3},
        Product{.m = 40, .n = 1, .k = 5, .batch = 3},
        Product{.m = 64, .n = 64, .k = 64, .batch = 2}, Product{.m = 1, .n = 1, .k = 1, .batch = 7},
        Product{.m = 130, .n = 67, .k = 33, .batch = 5}}) {
    expect_right(product);
    if (HasFatalFailure()) return;
  }
}

TEST_P(Matmul, BatchOfOneKeepsItsThreeDimensions) {
  const Tensor a = Tensor::full(stream, {1, 2, 3}, 1.0);
  const Tensor b = Tensor::full(stream, {1, 3, 4}, 2.0);
  const Tensor out = matmul(stream, a, b, options());
  EXPECT_EQ(out.shape(), (Shape{1, 2, 4}));
  EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(8, 6.0f));
}

TEST_P(Matmul, WritesAllOfOutAndNothingBesideIt) {
  constexpr std::size_t a_at = 5, b_at = 3, out_at = 7, guard = 9;
  for (Product product :
       {Product{.m = 1, .n = 1, .k = 1}, Product{.m = 17, .n = 33, .k = 19},
        Product{.m = 1, .n = 130, .k = 40}, Product{.m = 130, .n = 1, .k = 40},
        Product{.m = 128, .n = 65, .k = 300}, Product{.m = 13, .n = 35, .k = 6, .batch = 3}}) {
    for (const bool transpose : {false, true}) {
      product.transpose_a = product.transpose_b = transpose;
      SCOPED_TRACE(product.str());
      const auto a = random_values(a_at + product.a_size(), 31);
      const auto b = random_values(b_at + product.b_size(), 32);
      const auto part = [&](const std::vector<float>& values, const Shape& shape, std::size_t at) {
        const Buffer buffer(context(), values.size() * sizeof(float), values.data());
        return Tensor::from_buffer(buffer, shape, DType::f32, at * sizeof(float));
      };
      // NaN where the result goes: a value that is read, or left, shows.
      const std::vector<float> poison(out_at + product.out_size() + guard,
                                      std::numeric_limits<float>::quiet_NaN());
      const Tensor out = part(poison, out_shape(product), out_at);
      matmul_into(stream, part(a, a_shape(product), a_at), part(b, b_shape(product), b_at), out,
                  options_of(product));
      test::expect_product(product, {a.begin() + a_at, a.end()}, {b.begin() + b_at, b.end()},
                           out.to_host<float>(stream));
      if (HasFatalFailure()) return;
      const auto whole = Tensor::from_buffer(out.storage().buffer, {std::int64_t(poison.size())})
                             .to_host<float>(stream);
      const auto is_nan = [](float x) { return x != x; };
      EXPECT_TRUE(std::all_of(whole.begin(), whole.begin() + out_at, is_nan)) << "before out";
      EXPECT_TRUE(std::all_of(whole.end() - guard, whole.end(), is_nan)) << "behind out";
    }
  }
}

TEST_P(Matmul, OverNothingIsZeros) {
  const Tensor out = Tensor::full(stream, {4, 5}, 9.0);
  matmul_into(stream, Tensor::zeros(stream, {4, 0}), Tensor::zeros(stream, {0, 5}), out, options());
  EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(20, 0.0f));
  const Tensor batch =
      matmul(stream, Tensor::zeros(stream, {3, 2, 0}), Tensor::zeros(stream, {3, 0, 2}), options());
  EXPECT_EQ(batch.to_host<float>(stream), std::vector<float>(12, 0.0f));

  // A part of a buffer, whose other elements stay.
  const Tensor whole = Tensor::full(stream, {12}, 9.0);
  matmul_into(stream, Tensor::zeros(stream, {2, 0}), Tensor::zeros(stream, {0, 3}),
              Tensor::from_buffer(whole.storage().buffer, {2, 3}, DType::f32, 12), options());
  EXPECT_EQ(whole.to_host<float>(stream), (std::vector<float>{9, 9, 9, 0, 0, 0, 0, 0, 0, 9, 9, 9}));
}

TEST_P(Matmul, ViewOfABatchOfOneFitsATensorOfThreeDimensions) {
  const Tensor a = Tensor::full(stream, {1, 2, 3}, 1.0), b = Tensor::full(stream, {3, 4}, 2.0);
  const Tensor room = Tensor::zeros(stream, {2, 8});
  const MatrixView out(room.storage().buffer,
                       {.rows = 2, .columns = 4, .row_stride = 8, .batch = 1});
  matmul_into(stream, a, b, out, options());
  EXPECT_EQ(room.to_host<float>(stream),
            (std::vector<float>{6, 6, 6, 6, 0, 0, 0, 0, 6, 6, 6, 6, 0, 0, 0, 0}));
}

TEST_P(Matmul, TakesViewsOfOperands) {
  const Tensor room = Tensor::full(stream, {6, 9}, 1.0);
  const MatrixView a = MatrixView(room).block(1, 2, 3, 5), b = MatrixView(room).block(0, 1, 5, 4);
  const Tensor out = matmul(stream, a, b, options());
  EXPECT_EQ(out.shape(), (Shape{3, 4}));
  EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(12, 5.0f));
}

TEST_P(Matmul, ProductWithoutRowsColumnsOrBatchesIsEmpty) {
  const auto shape_of = [&](const Shape& a, const Shape& b) {
    const Tensor out =
        matmul(stream, Tensor::zeros(stream, a), Tensor::zeros(stream, b), options());
    EXPECT_TRUE(out.to_host<float>(stream).empty());
    return out.shape();
  };
  EXPECT_EQ(shape_of({0, 3}, {3, 4}), (Shape{0, 4}));
  EXPECT_EQ(shape_of({2, 3}, {3, 0}), (Shape{2, 0}));
  EXPECT_EQ(shape_of({0, 0}, {0, 0}), (Shape{0, 0}));
  EXPECT_EQ(shape_of({0, 2, 3}, {0, 3, 4}), (Shape{0, 2, 4}));
}

TEST_P(Matmul, PassesNanAndInfinityOn) {
  std::vector<float> a(20 * 20, 1.0f);
  a[3 * 20 + 4] = std::numeric_limits<float>::quiet_NaN();
  a[7 * 20 + 4] = std::numeric_limits<float>::infinity();
  const Tensor b = Tensor::full(stream, {20, 20}, 1.0);
  const auto out = matmul(stream, Tensor::from_host<float>(context(), a, {20, 20}), b, options())
                       .to_host<float>(stream);
  for (std::size_t j = 0; j < 20; ++j) {
    EXPECT_TRUE(out[3 * 20 + j] != out[3 * 20 + j]);
    EXPECT_EQ(out[7 * 20 + j], std::numeric_limits<float>::infinity());
    EXPECT_EQ(out[5 * 20 + j], 20.0f);
  }
}

TEST(MatmulBackends, HaveNamesThatLeadBack) {
  ASSERT_FALSE(matmul_backends().empty());
  EXPECT_EQ(matmul_backends().front(), MatmulBackend::automatic);
  for (const MatmulBackend backend : matmul_backends()) {
    EXPECT_EQ(matmul_backend_named(to_string(backend)), backend);
  }
  EXPECT_EQ(to_string(MatmulBackend::clblast), "clblast");
  EXPECT_EQ(to_string(MatmulBackend::kernel), "kernel");
  EXPECT_EQ(to_string(MatmulBackend::reference), "reference");
  EXPECT_EQ(matmul_backend_named("cublas"), std::nullopt);
  EXPECT_EQ(matmul_backend_named(""), std::nullopt);
}

}  // namespace
}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/reduce/softmax.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/copy.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<double> reference(const std::vector<float>& a, std::size_t columns) {
  std::vector<double> out(a.size());
  for (std::size_t row = 0; row < a.size(); row += columns) {
    const double largest = *std::max_element(a.begin() + std::ptrdiff_t(row),
                                             a.begin() + std::ptrdiff_t(row + columns));
    double sum = 0.0;
    for (std::size_t j = row; j < row + columns; ++j) sum += out[j] = std::exp(a[j] - largest);
    for (std::size_t j = row; j < row + columns; ++j) out[j] /= sum;
  }
  return out;
}

/// As the device computes it, and as each kind of device does.
std::vector<Tensor> every_softmax(const Stream& stream, const Tensor& a) {
  detail::DeviceTraits traits = detail::traits_of(stream.device());
  std::vector<Tensor> all{softmax(stream, a)};
  for (const bool is_cpu : {true, false}) {
    traits.is_cpu = is_cpu;
    all.push_back(Tensor::full(stream, a.shape(), -77.0));
    detail::softmax_into(traits, stream, a, all.back());
  }
  return all;
}

void expect_close(const Stream& stream, const Tensor& out, const std::vector<float>& a) {
  const Shape& shape = out.shape();
  const auto given = out.to_host<float>(stream);
  const auto expected = reference(a, static_cast<std::size_t>(shape[shape.rank() - 1]));
  ASSERT_EQ(given.size(), expected.size());
  for (std::size_t i = 0; i < given.size(); ++i) {
    ASSERT_NEAR(given[i], expected[i], 1e-5 * expected[i] + 1e-30) << i;
  }
}

void expect_softmax(const Stream& stream, const std::vector<float>& a, const Shape& shape) {
  SCOPED_TRACE(shape.str());
  for (const Tensor& out : every_softmax(stream, Tensor::from_host<float>(context(), a, shape))) {
    EXPECT_EQ(out.shape(), shape);
    expect_close(stream, out, a);
  }
}

TEST(Softmax, MatchesTheReference) {
  const Stream stream(context());
  for (const std::int64_t columns : {1, 2, 31, 32, 33, 255, 256, 257, 1000}) {
    for (const Shape& shape :
         {Shape{columns}, Shape{1, columns}, Shape{7, columns}, Shape{2, 3, columns}}) {
      auto a = test::random_values(static_cast<std::size_t>(shape.size()), 11);
      for (float& value : a) value *= 10.0f;
      expect_softmax(stream, a, shape);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Softmax, DoesNotOverflow) {
  const Stream stream(context());
  for (const float shift : {1e4f, -1e4f, 3e38f, -3e38f}) {
    std::vector<float> a(100, shift);
    a[17] = shift * 0.5f;
    expect_softmax(stream, a, {2, 50});
  }
}

TEST(Softmax, MasksWithMinusInfinity) {
  const Stream stream(context());
  const std::vector<float> a{0.0f, -infinity, 0.0f, -infinity};
  const auto out =
      softmax(stream, Tensor::from_host<float>(context(), a, {4})).to_host<float>(stream);
  EXPECT_EQ(out, (std::vector<float>{0.5f, 0.0f, 0.5f, 0.0f}));
}

TEST(Softmax, RowWithNanOrOnlyMinusInfinityIsNanAlone) {
  const Stream stream(context());
  constexpr std::size_t columns = 40;
  std::vector<float> a(4 * columns, 1.0f);
  std::fill_n(a.begin() + columns, columns, -infinity);
  a[2 * columns + 33] = std::numeric_limits<float>::quiet_NaN();
  const Tensor on_device = Tensor::from_host<float>(context(), a, {4, columns});
  for (const Tensor& each : every_softmax(stream, on_device)) {
    const auto out = each.to_host<float>(stream);
    for (std::size_t j = 0; j < columns; ++j) {
      EXPECT_FLOAT_EQ(out[j], 1.0f / columns);
      EXPECT_TRUE(std::isnan(out[columns + j])) << j;
      EXPECT_TRUE(std::isnan(out[2 * columns + j])) << j;
      EXPECT_FLOAT_EQ(out[3 * columns + j], 1.0f / columns);
    }
  }
}

TEST(Softmax, NanAnywhereInARowMakesAllOfItNan) {
  const Stream stream(context());
  constexpr std::size_t columns = 37;
  std::vector<float> a(columns * columns, -2.0f);
  for (std::size_t i = 0; i < columns; ++i) {
    a[i * columns + i] = std::numeric_limits<float>::quiet_NaN();
  }
  const Tensor out = softmax(stream, Tensor::from_host<float>(context(), a, {columns, columns}));
  for (const float x : out.to_host<float>(stream)) EXPECT_TRUE(std::isnan(x)) << x;
}

TEST(Softmax, EmptyTensorStaysEmpty) {
  const Stream stream(context());
  for (const Shape& shape : {Shape{0}, Shape{0, 5}, Shape{5, 0}}) {
    EXPECT_EQ(softmax(stream, Tensor::zeros(stream, shape)).shape(), shape);
  }
}

TEST(Softmax, WorksAtAnElementOffset) {
  const Stream stream(context());
  const auto values = test::random_values(100, 12);
  const Tensor whole = Tensor::from_host<float>(context(), values, {100});
  const Tensor part = Tensor::from_buffer(whole.storage().buffer, {2, 31}, DType::f32, 5 * 4);
  const auto given = softmax(stream, part).to_host<float>(stream);
  const auto expected =
      reference(std::vector<float>(values.begin() + 5, values.begin() + 5 + 62), 31);
  for (std::size_t i = 0; i < given.size(); ++i) EXPECT_NEAR(given[i], expected[i], 1e-6);
}

TEST(Softmax, WritesIntoATensorThatMayBeTheOperand) {
  const Stream stream(context());
  const auto values = test::random_values(60, 13);
  const Tensor a = Tensor::from_host<float>(context(), values, {3, 20});
  softmax_into(stream, a, a);
  expect_close(stream, a, values);
  const Tensor room = Tensor::zeros(stream, {5, 20});
  const auto rows = [&](std::size_t first) {
    return Tensor::from_buffer(room.storage().buffer, {3, 20}, DType::f32, first * 80);
  };
  EXPECT_NO_THROW(softmax_into(stream, rows(0), rows(0)));
  const auto others = test::random_values(60, 14);
  copy_into(stream, Tensor::from_host<float>(context(), others, {3, 20}), rows(0));
  softmax_into(stream, rows(0), rows(1));
  expect_close(stream, rows(1), others);
  expect_throws<InvalidArgument>(
      [&] {
        softmax_into(stream, a, Tensor::zeros(stream, {20, 3}));
      },
      "[softmax]", "out [20, 3]", "the result is [3, 20]");
}

TEST(Softmax, TakesViewsAndWritesIntoThem) {
  const Stream stream(context());
  const auto values = test::random_values(60, 15);
  const Tensor columns = Tensor::from_host<float>(context(), values, {3, 20}).transpose();
  const Tensor room = Tensor::full(stream, {20, 6}, 7.0);
  softmax_into(stream, copy(stream, columns).transpose(), room.slice(1, 0, 6, 2).transpose());
  expect_close(stream, room.slice(1, 0, 6, 2).transpose(), values);
  EXPECT_EQ(room.slice(1, 1, 6, 2).to_host<float>(stream), std::vector<float>(60, 7.0f));
}

TEST(Softmax, ReturnsBeforeTheWorkRuns) {
  const Stream stream(context());
  const StreamGuard guard(stream);
  const Tensor a = Tensor::zeros(stream, {3, 2});
  test::Gate gate(stream);
  const Tensor out = softmax(a);
  EXPECT_FALSE(stream.record().is_done());
  gate.release();
  EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(6, 0.5f));
}

TEST(Softmax, RefusesWhatItCannotTake) {
  const Stream stream(context());
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(softmax(stream, Tensor::zeros(stream, {}))); }, "[softmax]", "a []",
      "reshape it to [1]");
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(softmax(stream, Tensor::zeros(stream, {3}, DType::f64))); },
      "[softmax]", "a [3]", "float64", "only float32");
  expect_throws<InvalidArgument>(
      [&] {
        static_cast<void>(softmax(Stream(test::other_context()), Tensor::zeros(stream, {3})));
      },
      "[softmax]", "another context");
}

}  // namespace
}  // namespace dovetail

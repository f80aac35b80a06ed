// SPDX-License-Identifier: Apache-2.0
// Element-wise operations on operands of any layout, as a CPU and as a GPU runs them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "dovetail/ops/elementwise.hpp"
#include "lib/ops/pointwise/plan.hpp"
#include "lib/ops/pointwise/run.hpp"
#include "tests/support/drawn_tensor.hpp"

namespace dovetail {
namespace {

using test::context;

/// Draws as many cases as a minute of compiling allows: each combination of steps is a kernel.
class PointwiseLayout : public testing::TestWithParam<bool> {
 protected:
  static detail::DeviceTraits device() {
    detail::DeviceTraits traits = detail::traits_of(context().device());
    traits.is_cpu = GetParam();
    return traits;
  }
  Tensor draw(const Shape& shape, bool repeats) {
    return test::drawn_tensor<float>(random, test::draw_layout(random, shape, repeats));
  }

  const Stream stream{context()};
  std::mt19937 random{1127};
};

TEST_P(PointwiseLayout, GivesTheResultWhereverTheOperandsLie) {
  for (int i = 0; i < 400; ++i) {
    const Shape shape = test::draw_shape(random);
    const std::array operands{draw(shape, true), draw(shape, true)};
    const Tensor out = draw(shape, false);
    SCOPED_TRACE(operands[0].layout().str() + " - " + operands[1].layout().str() + " to " +
                 out.layout().str());
    const auto a = operands[0].to_host<float>(stream), b = operands[1].to_host<float>(stream);
    detail::run_pointwise(device(), stream, {"subtract"}, operands, out);
    const auto given = out.to_host<float>(stream);
    for (std::size_t j = 0; j < a.size(); ++j) ASSERT_EQ(given[j], a[j] - b[j]) << j;
    detail::run_pointwise(device(), stream, {"negate"}, std::span(operands).first(1), out);
    const auto negated = out.to_host<float>(stream);
    for (std::size_t j = 0; j < a.size(); ++j) ASSERT_EQ(negated[j], -a[j]) << j;
  }
}

TEST_P(PointwiseLayout, CoversLargeTensorsToTheLastElement) {
  for (const Shape& shape : {Shape{1000003}, Shape{1009, 1013}, Shape{300007, 3}, Shape{3, 300007},
                             Shape{65537, 2, 5}}) {
    SCOPED_TRACE(shape.str());
    const Tensor a = Tensor::full(stream, shape, 3.0), out = Tensor::full(stream, shape, -1.0);
    const std::array operands{a, a};
    detail::run_pointwise(device(), stream, {"add"}, operands, out);
    const auto given = out.to_host<float>(stream);
    EXPECT_EQ(std::ranges::count(given, 6.0f), shape.size());
    if (shape.rank() < 2) continue;
    const std::array turned{a.transpose(), a.transpose()};
    detail::run_pointwise(device(), stream, {"multiply"}, turned, out.transpose());
    EXPECT_EQ(std::ranges::count(out.to_host<float>(stream), 9.0f), shape.size());
  }
}

/// Expects out = a - b, and -a, of operands that lie in tiles across the rows of `out`.
void expect_tiles(const Stream& stream, const Tensor& a, const Tensor& b, const Tensor& out) {
  SCOPED_TRACE(a.layout().str() + " - " + b.layout().str());
  const detail::DeviceTraits cpu{.is_cpu = true, .compute_units = 2};
  const std::array layouts{out.layout(), a.layout(), b.layout()};
  ASSERT_TRUE(detail::plan_pointwise(cpu, layouts, 4).form.in_tiles);
  const std::array operands{a, b};
  const auto x = a.to_host<float>(stream), y = b.to_host<float>(stream);
  detail::run_pointwise(cpu, stream, {"subtract"}, operands, out);
  const auto difference = out.to_host<float>(stream);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(difference[i], x[i] - y[i]) << i;
  if (!detail::plan_pointwise(cpu, std::span(layouts).first(2), 4).form.in_tiles) return;
  detail::run_pointwise(cpu, stream, {"negate"}, std::span(operands).first(1), out);
  const auto negated = out.to_host<float>(stream);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(negated[i], -x[i]) << i;
}

TEST(PointwiseTiles, GiveTheResultOfTransposesToTheLastElement) {
  const Stream stream(context());
  std::mt19937 random(1128);
  for (const Shape& shape : {Shape{16, 16}, Shape{17, 31}, Shape{600, 45}, Shape{33, 700},
                             Shape{3, 40, 37}, Shape{2, 3, 20, 530}}) {
    const auto values = [&](const Shape& of) {
      return test::drawn_tensor<float>(random, Layout(of));
    };
    std::vector<std::int64_t> sizes(shape.sizes().begin(), shape.sizes().end());
    std::swap(sizes[sizes.size() - 1], sizes[sizes.size() - 2]);
    const Shape turned(sizes);
    const Tensor out = values(shape);
    expect_tiles(stream, values(turned).transpose(), values(shape), out);
    expect_tiles(stream, values(shape), values(turned).transpose(), out);
    expect_tiles(stream, values(turned).transpose(), values(turned).transpose(), out);
    const Shape row{shape[shape.rank() - 1]};
    expect_tiles(stream, values(turned).transpose(), values(row).broadcast_to(shape), out);
    expect_tiles(stream, values(turned).transpose(), values({1}).broadcast_to(shape), out);
    expect_tiles(stream, out, values(turned).transpose(), out);  // in place
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, PointwiseLayout, testing::Values(true, false),
                         [](const auto& form) { return form.param ? "cpu" : "gpu"; });

TEST(PointwisePlan, MergesDimensionsThatAllOperandsShare) {
  const detail::DeviceTraits cpu{.is_cpu = true, .compute_units = 2};
  const std::array same{Layout(Shape{64, 32, 16}), Layout(Shape{64, 32, 16})};
  const auto flat = detail::plan_pointwise(cpu, same, 4);
  EXPECT_EQ(flat.rows.dimensions, 1u);
  EXPECT_EQ(flat.rows.size[0], 64u * 32 * 16);
  EXPECT_EQ(flat.form.steps[1], detail::RowStep::contiguous);
  const std::array turned{Layout(Shape{64, 32}).permute(std::array{1, 0}),
                          Layout(Shape{64, 32}).permute(std::array{1, 0})};
  EXPECT_EQ(detail::plan_pointwise(cpu, turned, 4).rows.dimensions, 1u);
  const std::array row{Layout(Shape{64, 32}), Layout(Shape{32}).broadcast_to({64, 32})};
  const auto by_row = detail::plan_pointwise(cpu, row, 4);
  EXPECT_EQ(by_row.rows.dimensions, 2u);
  EXPECT_EQ(by_row.form.steps[1], detail::RowStep::contiguous);
  const std::array column{Layout(Shape{64, 32}), Layout(Shape{64, 1}).broadcast_to({64, 32})};
  EXPECT_EQ(detail::plan_pointwise(cpu, column, 4).form.steps[1], detail::RowStep::scalar);
}

TEST(PointwisePlan, UsesOneWorkItemWhereASecondWouldCostMore) {
  const detail::DeviceTraits cpu{.is_cpu = true, .compute_units = 8};
  const auto items = [&](const Shape& shape) {
    const std::array operands{Layout(shape), Layout(shape).broadcast_to(shape)};
    const NDRange range = detail::plan_pointwise(cpu, operands, 4).range;
    const std::size_t* const global = range.global();
    return global[0] * global[1];
  };
  EXPECT_EQ(items({1000}), 1u);
  EXPECT_EQ(items({128, 128}), 1u);
  EXPECT_GE(items({1 << 20}), 16u);
  EXPECT_GE(items({1 << 24}), 64u);
}

}  // namespace
}  // namespace dovetail

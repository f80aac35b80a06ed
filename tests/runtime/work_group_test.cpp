// SPDX-License-Identifier: Apache-2.0
// The work-group that is chosen for a launch without one.
#include "lib/runtime/work_group.hpp"

#include <gtest/gtest.h>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using detail::choose_group;
using detail::GroupSizes;
using detail::LaunchLimits;

constexpr GroupSizes left_to_driver{};

LaunchLimits limits_of(std::size_t items) {
  LaunchLimits limits;
  limits.items = items;
  limits.sizes = {items, items, 64};
  return limits;
}

TEST(WorkGroup, DividesOneDimension) {
  const std::pair<std::size_t, std::size_t> expected[] = {
      {1 << 20, 256},   // as for every multiple of 256
      {768, 256},       //
      {1000000, 250},   //
      {192, 192},       // the whole
      {100, 100},       //
      {64, 64},         //
      {33, 33},         // nothing from 64 on: the largest
      {2 * 500009, 2},  // 500009 is prime
      {1009, 1009},     // prime, but not too long for one group
      {3 * 331, 331},   //
  };
  for (const auto& [size, group] : expected) {
    EXPECT_EQ(choose_group(NDRange({size}), limits_of(1024)), (GroupSizes{group, 1, 1})) << size;
  }
}

TEST(WorkGroup, FillsSeveralDimensionsFromTheFirst) {
  const LaunchLimits limits = limits_of(1024);
  EXPECT_EQ(choose_group(NDRange({1024, 64}), limits), (GroupSizes{256, 1, 1}));
  EXPECT_EQ(choose_group(NDRange({16, 64}), limits), (GroupSizes{16, 16, 1}));
  EXPECT_EQ(choose_group(NDRange({64, 1009}), limits), (GroupSizes{64, 1, 1}));
  EXPECT_EQ(choose_group(NDRange({96, 6}), limits), (GroupSizes{96, 2, 1}));
  EXPECT_EQ(choose_group(NDRange({4, 4, 4}), limits), (GroupSizes{4, 4, 4}));
  EXPECT_EQ(choose_group(NDRange({1, 512}), limits), (GroupSizes{1, 256, 1}));
  EXPECT_EQ(choose_group(NDRange({1, 1, 512}), limits), (GroupSizes{1, 1, 64}));
  EXPECT_EQ(choose_group(NDRange({1021, 1019}), limits), (GroupSizes{1021, 1, 1}));
}

TEST(WorkGroup, DriverChoosesWhereOnlyOneDivides) {
  EXPECT_EQ(choose_group(NDRange({1000003}), limits_of(4096)), left_to_driver);
  EXPECT_EQ(choose_group(NDRange({1}), limits_of(1024)), left_to_driver);
  EXPECT_EQ(choose_group(NDRange({1000003, 1000003}), limits_of(1024)), left_to_driver);
  EXPECT_EQ(choose_group(NDRange({1024}), limits_of(1)), left_to_driver);
}

TEST(WorkGroup, FollowsWhatTheKernelRequires) {
  LaunchLimits limits = limits_of(1024);
  limits.required = {8, 4, 1};
  EXPECT_EQ(choose_group(NDRange({1024, 64}), limits), (GroupSizes{8, 4, 1}));
}

TEST(WorkGroup, DividesTheRangeAndStaysWithinTheLimits) {
  for (const std::size_t items : {1, 7, 32, 48, 100, 256, 1024, 4096}) {
    const LaunchLimits limits = limits_of(items);
    for (std::size_t x = 1; x < 1200; ++x) {
      for (const std::size_t y : {1, 2, 31, 64, 97, 1000}) {
        const std::array<std::size_t, 3> global{x, y, 128};
        GroupSizes group = choose_group(NDRange({x, y, 128}), limits);
        if (group == left_to_driver) group = {1, 1, 1};
        ASSERT_LE(group[0] * group[1] * group[2], items);
        for (unsigned i = 0; i < 3; ++i) {
          ASSERT_EQ(global[i] % group[i], 0u) << x << " " << y << " in " << i;
          ASSERT_LE(group[i], limits.sizes[i]);
        }
      }
    }
  }
}

TEST(WorkGroup, LaunchWithoutOneUsesTheChosenOne) {
  const Stream stream(test::context());
  const Kernel kernel = test::kernel_from(
      "kernel void tell(global int* out) {\n"
      "  out[0] = get_local_size(0); out[1] = get_local_size(1); out[2] = get_local_size(2);\n"
      "}\n",
      "tell");
  const Tensor out = Tensor::zeros(stream, {3}, DType::i32);
  const auto group_over = [&](const NDRange& range) {
    kernel.launch(stream, range, out);
    return out.to_host<std::int32_t>(stream);
  };
  using Group = std::vector<std::int32_t>;
  for (int i = 0; i < 2; ++i) {  // the second time from the kept choice
    EXPECT_EQ(group_over(NDRange({4096})), (Group{256, 1, 1}));
    EXPECT_EQ(group_over(NDRange({4096})), (Group{256, 1, 1}));
    EXPECT_EQ(group_over(NDRange({16, 32})), (Group{16, 16, 1}));
    EXPECT_EQ(group_over(NDRange({16, 32}, {16, 2})), (Group{16, 2, 1}));
    EXPECT_EQ(group_over(NDRange({1009})), (Group{1009, 1, 1}));
    EXPECT_EQ(group_over(NDRange({2, 2, 2})), (Group{2, 2, 2}));
  }
}

TEST(WorkGroup, EightThreadsChooseForRangesOfTheirOwn) {
  detail::GroupChoice choice;
  const LaunchLimits limits = limits_of(1024);
  test::on_threads(8, [&](int thread) {
    const NDRange range({std::size_t(64 + thread), 2});
    const GroupSizes expected = choose_group(range, limits);
    for (int i = 0; i < 10000; ++i) ASSERT_EQ(choice.of(range, limits), expected);
  });
}

}  // namespace
}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// Launches that no device could run throw before they reach OpenCL, and the error has the numbers.
#include "lib/runtime/launch_limits.hpp"

#include <gtest/gtest.h>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::expect_throws;
using test::kernel_from;
using test::text_thrown;

template <typename... Args>
std::string refusal(const Kernel& kernel, const NDRange& range, const Args&... args) {
  const Stream stream(context());
  return text_thrown<InvalidArgument>([&] { kernel.launch(stream, range, args...); });
}

std::size_t max_items_in(unsigned dimension) {
  std::size_t sizes[3] = {};
  clGetDeviceInfo(context().device().get(), CL_DEVICE_MAX_WORK_ITEM_SIZES, sizeof(sizes), sizes,
                  nullptr);
  return sizes[dimension];
}

TEST(LaunchLimits, RefuseAGroupOfMoreItemsThanTheKernelTakes) {
  const Kernel kernel = kernel_from("kernel void none(float unused) {}", "none");
  const std::size_t most = kernel.max_work_group_size();
  const std::size_t x = std::min(most, max_items_in(0));
  const std::string text = refusal(kernel, NDRange({x, 2 * most / x}, {x, 2 * most / x}), 0.0f);
  expect_parts(text, "[Kernel 'none']", "a group of " + std::to_string(2 * most) + " work-items",
               std::to_string(most) + " at most", "smaller group", "max_work_group_size");
}

TEST(LaunchLimits, RefuseAGroupThatIsTooLongInOneDimension) {
  const Kernel kernel = kernel_from("kernel void none(float unused) {}", "none");
  for (unsigned dimension = 0; dimension < 3; ++dimension) {
    const std::size_t size = 2 * max_items_in(dimension);
    const auto in = [&](unsigned i) { return i == dimension ? size : 1; };
    const NDRange range({in(0), in(1), in(2)}, {in(0), in(1), in(2)});
    expect_parts(refusal(kernel, range, 0.0f), "[Kernel 'none']", range.str(),
                 std::to_string(size) + " work-items in dimension " + std::to_string(dimension),
                 std::to_string(size / 2) + " at most there", "smaller group");
  }
}

TEST(LaunchLimits, RefuseMoreWorkItemsThanTheDevicesAddressesCount) {
  const detail::LaunchLimits of_32_bits{.largest_global = 0xffff'ffff};
  const NDRange most({2, 0xffff'ffff}), more({2, std::size_t{1} << 32});
  detail::check_global("k", most, of_32_bits);
  expect_throws<InvalidArgument>([&] { detail::check_global("k", more, of_32_bits); },
                                 "[Kernel 'k']", more.str(), "4294967296 work-items in dimension 1",
                                 "counts to 4294967295", "a part at a time");
  detail::check_global("k", more, {});
}

class RequiredGroup : public testing::Test {
 protected:
  Kernel kernel = kernel_from(
      "kernel __attribute__((reqd_work_group_size(8, 4, 1))) void tile(global int* out) {\n"
      "  out[0] = get_local_size(0) * 100 + get_local_size(1) * 10 + get_local_size(2);\n"
      "}\n",
      "tile");
  Stream stream{context()};
  Tensor out = Tensor::zeros(stream, {1}, DType::i32);
};

TEST_F(RequiredGroup, AppliesWhenTheRangeHasNoneOrTheSame) {
  for (const NDRange& range : {NDRange({16, 8}), NDRange({16, 8}, {8, 4}), NDRange({8, 4, 3}),
                               NDRange({24, 4, 1}, {8, 4, 1})}) {
    kernel.launch(stream, range, updates(out));
    EXPECT_EQ(out.to_host<std::int32_t>(stream).at(0), 841) << range.str();
    kernel.launch(stream, NDRange({8, 4}), updates(out));
  }
}

TEST_F(RequiredGroup, RefusesAnother) {
  for (const NDRange& range : {NDRange({16, 8}, {4, 8}), NDRange({16, 8}, {16, 4}),
                               NDRange({8, 4, 2}, {8, 4, 2}), NDRange({32}, {32})}) {
    expect_parts(refusal(kernel, range, out), "[Kernel 'tile']", range.str(),
                 "requires groups of [8, 4, 1]", "leave the group out", "multiples of it");
  }
}

TEST_F(RequiredGroup, RefusesARangeThatItDoesNotDivide) {
  for (const NDRange& range : {NDRange({12, 8}), NDRange({16, 6}), NDRange({16})}) {
    expect_parts(refusal(kernel, range, out), "[Kernel 'tile']", range.str(),
                 "requires groups of [8, 4, 1]", "round the range up");
  }
}

TEST(LaunchLimits, RefuseMoreLocalMemoryThanTheDeviceHas) {
  const Kernel kernel = kernel_from(
      "kernel void tiles(global float* out, local float* a, local float* b) {\n"
      "  local float own[64];\n"
      "  const size_t i = get_local_id(0);\n"
      "  own[i] = i; a[i] = i; b[i] = i;\n"
      "  barrier(CLK_LOCAL_MEM_FENCE);\n"
      "  out[i] = own[63 - i] + a[63 - i] + b[63 - i];\n"
      "}\n",
      "tiles");
  const Stream stream(context());
  const Tensor out = Tensor::zeros(stream, {64});
  const std::size_t all = context().device().local_memory();
  const NDRange range({64}, {64});
  // Drivers report different sizes for the kernel's own local memory: 256 bytes, 260, or none.
  const std::string text = refusal(kernel, range, out, LocalMemory{all}, LocalMemory{all});
  expect_parts(text, "[Kernel 'tiles']", std::to_string(2 * all) + " in arguments",
               "declared in the kernel", "this device has " + std::to_string(all), "smaller tiles");
  expect_parts(refusal(kernel, range, out, LocalMemory{SIZE_MAX - 8}, LocalMemory{SIZE_MAX - 8}),
               "[Kernel 'tiles']", "smaller tiles");
  expect_parts(refusal(kernel, range, out, LocalMemory{SIZE_MAX - 300}, LocalMemory{256}),
               "[Kernel 'tiles']", "smaller tiles");
  kernel.launch(stream, range, out, LocalMemory{256}, LocalMemory{256});
  EXPECT_EQ(out.to_host<float>(stream).at(0), 3 * 63.0f);
}

TEST(LaunchLimits, RefuseTheFirstByteOfLocalMemoryTooMany) {
  detail::LaunchLimits limits;
  limits.static_local_nbytes = 100;
  limits.local_nbytes = 1000;
  EXPECT_NO_THROW(check_local_memory("tight", 900, limits));
  EXPECT_THROW(check_local_memory("tight", 901, limits), InvalidArgument);
  limits.static_local_nbytes = 1001;
  EXPECT_THROW(check_local_memory("tight", 0, limits), InvalidArgument);
}

}  // namespace
}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/launch_limits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "dovetail/core/error.hpp"
#include "lib/core/opencl_check.hpp"

namespace dovetail::detail {
namespace {

template <typename T>
T query(cl_kernel kernel, const Device& device, cl_kernel_work_group_info what) {
  T value{};
  check(clGetKernelWorkGroupInfo(kernel, device.get(), what, sizeof(value), &value, nullptr),
        "clGetKernelWorkGroupInfo");
  return value;
}

/// OpenCL lets a device have more than the three dimensions that a range has.
std::array<std::size_t, 3> max_item_sizes(const Device& device) {
  std::size_t nbytes = 0;
  check(clGetDeviceInfo(device.get(), CL_DEVICE_MAX_WORK_ITEM_SIZES, 0, nullptr, &nbytes),
        "clGetDeviceInfo");
  std::vector<std::size_t> all(std::max<std::size_t>(nbytes / sizeof(std::size_t), 3), 1);
  check(clGetDeviceInfo(device.get(), CL_DEVICE_MAX_WORK_ITEM_SIZES, nbytes, all.data(), nullptr),
        "clGetDeviceInfo");
  return {all[0], all[1], all[2]};
}

std::size_t size_max_of(const Device& device) {
  cl_uint bits = 0;
  check(clGetDeviceInfo(device.get(), CL_DEVICE_ADDRESS_BITS, sizeof(bits), &bits, nullptr),
        "clGetDeviceInfo");
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  return bits < std::numeric_limits<std::size_t>::digits ? ~(most << bits) : most;
}

void check_required(const std::string& kernel, const NDRange& range, const LaunchLimits& limits) {
  const auto& required = limits.required;
  for (unsigned i = 0; i < 3; ++i) {
    const bool in_range = i < range.dimensions();
    const std::size_t global = in_range ? range.global()[i] : 1;
    const std::size_t local = !in_range                  ? 1
                              : range.local() != nullptr ? range.local()[i]
                                                         : required[i];
    if (local != required[i] || global % required[i] != 0) {
      throw InvalidArgument(fmt::format(
          "[Kernel '{}'] {}: the kernel requires groups of [{}] (reqd_work_group_size); leave the "
          "group out or give this one, and round the range up to multiples of it.",
          kernel, range.str(), fmt::join(required, ", ")));
    }
  }
}

}  // namespace

LaunchLimits LaunchLimits::of(cl_kernel kernel, const Device& device) {
  return {
      .items = query<std::size_t>(kernel, device, CL_KERNEL_WORK_GROUP_SIZE),
      .sizes = max_item_sizes(device),
      .required =
          query<std::array<std::size_t, 3>>(kernel, device, CL_KERNEL_COMPILE_WORK_GROUP_SIZE),
      .static_local_nbytes = query<cl_ulong>(kernel, device, CL_KERNEL_LOCAL_MEM_SIZE),
      .local_nbytes = device.local_memory(),
      .largest_global = size_max_of(device),
  };
}

void throw_too_many_items(const std::string& kernel, const NDRange& range, unsigned dimension,
                          const LaunchLimits& limits) {
  throw InvalidArgument(fmt::format(
      "[Kernel '{}'] {}: {} work-items in dimension {}, but this device's size_t counts to {}; "
      "launch a part at a time.",
      kernel, range.str(), range.global()[dimension], dimension, limits.largest_global));
}

void check_group(const std::string& kernel, const NDRange& range, const LaunchLimits& limits) {
  if (limits.has_required()) return check_required(kernel, range, limits);
  if (range.local() == nullptr) return;
  std::size_t items = 1;
  for (unsigned i = 0; i < range.dimensions(); ++i) {
    if (range.local()[i] > limits.sizes[i]) {
      throw InvalidArgument(fmt::format(
          "[Kernel '{}'] {}: a group of {} work-items in dimension {}, but this device takes {} at "
          "most there; give a smaller group.",
          kernel, range.str(), range.local()[i], i, limits.sizes[i]));
    }
    items *= range.local()[i];
  }
  if (items > limits.items) {
    throw InvalidArgument(
        fmt::format("[Kernel '{}'] {}: a group of {} work-items, but this kernel takes {} at most "
                    "here; give a smaller group, see Kernel::max_work_group_size.",
                    kernel, range.str(), items, limits.items));
  }
}

void check_local_memory(const std::string& kernel, std::size_t nbytes, const LaunchLimits& limits) {
  const std::size_t given = limits.static_local_nbytes;
  if (given > limits.local_nbytes || nbytes > limits.local_nbytes - given) {
    throw InvalidArgument(fmt::format(
        "[Kernel '{}'] takes {} bytes of local memory, {} in arguments and {} declared in the "
        "kernel, but this device has {} for a work-group; use smaller tiles.",
        kernel, nbytes + given, nbytes, given, limits.local_nbytes));
  }
}

}  // namespace dovetail::detail

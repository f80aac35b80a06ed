// SPDX-License-Identifier: Apache-2.0
// What the operations' recipes depend on of a device.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dovetail/core/device.hpp"
#include "dovetail/core/export.hpp"

namespace dovetail::detail {

/// A value rather than a device, so that every recipe can be tested for any device on each machine,
/// and kernels for GPUs run, and are compared, on CPU devices.
struct DeviceTraits {
  bool is_cpu = true;
  std::uint32_t compute_units = 1;
  std::size_t local_memory = 0;  ///< Bytes per work-group.
  std::size_t max_work_group_size = 1;
  std::uint32_t native_float_vector_width = 1;
};

inline DeviceTraits traits_of(const Device& device) noexcept {
  return {.is_cpu = device.type() == DeviceType::cpu,
          .compute_units = device.compute_units(),
          .local_memory = device.local_memory(),
          .max_work_group_size = device.max_work_group_size(),
          .native_float_vector_width = device.native_float_vector_width()};
}

}  // namespace dovetail::detail

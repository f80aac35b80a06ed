// SPDX-License-Identifier: Apache-2.0
// OpenCL devices and how one is chosen.
#pragma once

#include <CL/cl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/export.hpp"

namespace dovetail {

enum class DeviceType { cpu, gpu, accelerator, other };

/// "cpu", "gpu", "accelerator" or "other".
DOVETAIL_EXPORT std::string_view to_string(DeviceType type) noexcept;

/// One OpenCL device: a copyable handle, whose facts are read once.
///
/// A handle that was moved from returns null from `get()` and `platform()`, `other` as its type, 0
/// for each number and no extension; its texts, and whatever it is given to, throw InvalidArgument.
/// Thread-safe.
class DOVETAIL_EXPORT Device {
 public:
  /// @throws OpenCLError    `device` is not a device of this machine.
  /// @throws ForkedProcess  this process was forked from one that had used OpenCL.
  explicit Device(cl_device_id device);

  /// Every device of every platform, in the loader's order; this is the order of `select`'s index.
  /// A platform that has no device is left out, and one that fails where another has some. Empty
  /// when there is no platform.
  /// @throws OpenCLError    the loader fails, or a platform does and the others have no device.
  /// @throws ForkedProcess  as above.
  static std::vector<Device> all();

  /// Chooses a device.
  ///
  /// @param query  An index into `all()`; or a type ("cpu", "gpu", "accelerator"); or a part of the
  ///               platform's or the device's name, in any case, where the first match is taken.
  ///               Empty: the first GPU, else the first accelerator, else the first device.
  /// @throws NoDevice         there is no OpenCL device; says what to install.
  /// @throws InvalidArgument  nothing matches; lists what there is.
  static Device select(std::string_view query);

  /// `select` with the environment variable DOVETAIL_DEVICE.
  static Device default_device();

  cl_device_id get() const noexcept;
  cl_platform_id platform() const noexcept;

  const std::string& name() const;
  const std::string& platform_name() const;
  const std::string& driver_version() const;
  /// OpenCL version string of the device, such as "OpenCL 3.0 CUDA".
  const std::string& version() const;
  DeviceType type() const noexcept;
  unsigned compute_units() const noexcept;
  std::size_t max_work_group_size() const noexcept;
  /// Bytes of local memory that one work-group may use.
  std::size_t local_memory() const noexcept;
  /// Bytes of global memory.
  std::uint64_t global_memory() const noexcept;
  /// Bytes to which a sub-buffer's offset must be aligned.
  std::size_t base_address_alignment() const noexcept;
  /// Floats in the device's preferred vector register; 1 on scalar devices.
  unsigned native_float_vector_width() const noexcept;
  bool has_extension(std::string_view extension) const noexcept;

  /// Same device.
  friend bool operator==(const Device& a, const Device& b) noexcept { return a.get() == b.get(); }

 private:
  struct Facts;
  /// Returns the facts of no device if the handle was moved from.
  const Facts& facts() const noexcept;
  /// @throws InvalidArgument  the handle was moved from.
  const Facts& facts(std::string_view function) const;
  std::shared_ptr<const Facts> facts_;
};

}  // namespace dovetail

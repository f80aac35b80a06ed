// SPDX-License-Identifier: Apache-2.0
// OpenCL devices, and the choice of one.
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

/// The kind of a device.
enum class DeviceType { cpu, gpu, accelerator, other };

/// Returns "cpu", "gpu", "accelerator" or "other".
DOVETAIL_EXPORT std::string_view to_string(DeviceType type) noexcept;

/// A copyable handle to an OpenCL device. Its constructor reads the device's properties once.
///
/// After a move, `get()` and `platform()` return null, `type()` returns `other`, numbers are 0 and
/// `has_extension()` is false; every other use of the handle throws InvalidArgument. Thread-safe.
class DOVETAIL_EXPORT Device {
 public:
  /// Reads the properties of `device`.
  /// @throws OpenCLError    `device` is not a device of this machine.
  /// @throws ForkedProcess  OpenCL was used before this process was forked.
  explicit Device(cl_device_id device);

  /// Returns the devices of all platforms in the loader's order, which `select` counts by. Leaves
  /// out platforms without devices, and platforms that fail if another one has devices. Returns an
  /// empty list if there is no platform.
  /// @throws OpenCLError    the loader fails, or a platform fails and no other has a device.
  /// @throws ForkedProcess  OpenCL was used before this process was forked.
  static std::vector<Device> all();

  /// Returns the first device that matches `query`.
  /// @param query  An index into `all()`; a type ("cpu", "gpu", "accelerator"); or a part of the
  ///               platform's or device's name, in any case. Empty: the first GPU, else the first
  ///               accelerator, else the first device.
  /// @throws NoDevice         there is no OpenCL device; the text says what to install.
  /// @throws InvalidArgument  no device matches; the text lists the devices.
  static Device select(std::string_view query);

  /// Calls `select` with the value of the environment variable DOVETAIL_DEVICE.
  static Device default_device();

  cl_device_id get() const noexcept;         ///< Returns the native handle.
  cl_platform_id platform() const noexcept;  ///< Returns the native handle of the platform.

  const std::string& name() const;            ///< Returns the device's name.
  const std::string& platform_name() const;   ///< Returns the platform's name.
  const std::string& driver_version() const;  ///< Returns the driver's own version string.
  /// Returns the OpenCL version string, such as "OpenCL 3.0 CUDA".
  const std::string& version() const;
  DeviceType type() const noexcept;                  ///< Returns the kind of device.
  unsigned compute_units() const noexcept;           ///< Returns the number of compute units.
  std::size_t max_work_group_size() const noexcept;  ///< Returns the most work-items of a group.
  /// Returns the bytes of local memory that one work-group may use.
  std::size_t local_memory() const noexcept;
  std::uint64_t global_memory() const noexcept;  ///< Returns the bytes of global memory.
  /// Returns the alignment in bytes of a sub-buffer's offset.
  std::size_t base_address_alignment() const noexcept;
  /// Returns the number of floats in a vector register; 1 on scalar devices.
  unsigned native_float_vector_width() const noexcept;
  /// Returns whether the device lists this OpenCL extension, such as "cl_khr_fp64".
  bool has_extension(std::string_view extension) const noexcept;

  /// Compares the native handles.
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

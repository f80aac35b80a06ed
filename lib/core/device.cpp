// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <optional>

#include "dovetail/core/error.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"

namespace dovetail {
namespace {

template <typename T>
T query(cl_device_id device, cl_device_info what) {
  T value{};
  detail::check(clGetDeviceInfo(device, what, sizeof(value), &value, nullptr), "clGetDeviceInfo");
  return value;
}

std::string trimmed(std::string text) {
  const auto last = text.find_last_not_of(std::string_view(" \0", 2));
  text.resize(last == std::string::npos ? 0 : last + 1);
  return text;
}

std::string query_text(cl_device_id device, cl_device_info what) {
  std::size_t size = 0;
  detail::check(clGetDeviceInfo(device, what, 0, nullptr, &size), "clGetDeviceInfo");
  std::string text(size, '\0');
  detail::check(clGetDeviceInfo(device, what, size, text.data(), nullptr), "clGetDeviceInfo");
  return trimmed(std::move(text));
}

std::string platform_text(cl_platform_id platform, cl_platform_info what) {
  std::size_t size = 0;
  detail::check(clGetPlatformInfo(platform, what, 0, nullptr, &size), "clGetPlatformInfo");
  std::string text(size, '\0');
  detail::check(clGetPlatformInfo(platform, what, size, text.data(), nullptr), "clGetPlatformInfo");
  return trimmed(std::move(text));
}

DeviceType device_type(cl_device_id device) {
  const auto bits = query<cl_device_type>(device, CL_DEVICE_TYPE);
  if (bits & CL_DEVICE_TYPE_GPU) return DeviceType::gpu;
  if (bits & CL_DEVICE_TYPE_ACCELERATOR) return DeviceType::accelerator;
  if (bits & CL_DEVICE_TYPE_CPU) return DeviceType::cpu;
  return DeviceType::other;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

std::string listing(const std::vector<Device>& devices) {
  std::string text;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    text += fmt::format("\n  {}: {} ({}, {})", i, devices[i].name(), to_string(devices[i].type()),
                        devices[i].platform_name());
  }
  return text;
}

std::optional<Device> first_of_type(const std::vector<Device>& devices, DeviceType type) {
  const auto found = std::ranges::find(devices, type, &Device::type);
  return found == devices.end() ? std::nullopt : std::optional(*found);
}

std::optional<Device> find(const std::vector<Device>& devices, std::string_view wanted) {
  std::size_t index = 0;
  const auto [end, failure] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), index);
  if (failure == std::errc{} && end == wanted.data() + wanted.size()) {
    return index < devices.size() ? std::optional(devices[index]) : std::nullopt;
  }
  for (const DeviceType type : {DeviceType::cpu, DeviceType::gpu, DeviceType::accelerator}) {
    if (wanted == to_string(type)) return first_of_type(devices, type);
  }
  const auto found = std::ranges::find_if(devices, [&](const Device& device) {
    return contains_ignoring_case(device.name(), wanted) ||
           contains_ignoring_case(device.platform_name(), wanted);
  });
  return found == devices.end() ? std::nullopt : std::optional(*found);
}

/// Empty where the platform has none.
std::vector<cl_device_id> ids_of(cl_platform_id platform) {
  cl_uint count = 0;
  const cl_int status = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, nullptr, &count);
  if (status == CL_DEVICE_NOT_FOUND) return {};
  detail::check(status, "clGetDeviceIDs");
  std::vector<cl_device_id> ids(count);
  detail::check(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, ids.data(), nullptr),
                "clGetDeviceIDs");
  return ids;
}

}  // namespace

struct Device::Facts {
  cl_device_id id = nullptr;
  cl_platform_id platform = nullptr;
  std::string name, platform_name, driver_version, version, extensions;
  DeviceType type = DeviceType::other;
  unsigned compute_units = 0;
  std::size_t max_work_group_size = 0;
  std::size_t local_memory = 0;
  std::uint64_t global_memory = 0;
  std::size_t base_address_alignment = 0;
  unsigned native_float_vector_width = 0;
};

std::string_view to_string(DeviceType type) noexcept {
  switch (type) {
    case DeviceType::cpu:
      return "cpu";
    case DeviceType::gpu:
      return "gpu";
    case DeviceType::accelerator:
      return "accelerator";
    case DeviceType::other:
      break;
  }
  return "other";
}

Device::Device(cl_device_id device) {
  detail::begin_opencl("Device");
  const auto platform = query<cl_platform_id>(device, CL_DEVICE_PLATFORM);
  facts_ = std::make_shared<const Facts>(Facts{
      .id = device,
      .platform = platform,
      .name = query_text(device, CL_DEVICE_NAME),
      .platform_name = platform_text(platform, CL_PLATFORM_NAME),
      .driver_version = query_text(device, CL_DRIVER_VERSION),
      .version = query_text(device, CL_DEVICE_VERSION),
      .extensions = fmt::format(" {} ", query_text(device, CL_DEVICE_EXTENSIONS)),
      .type = device_type(device),
      .compute_units = query<cl_uint>(device, CL_DEVICE_MAX_COMPUTE_UNITS),
      .max_work_group_size = query<std::size_t>(device, CL_DEVICE_MAX_WORK_GROUP_SIZE),
      .local_memory = query<cl_ulong>(device, CL_DEVICE_LOCAL_MEM_SIZE),
      .global_memory = query<cl_ulong>(device, CL_DEVICE_GLOBAL_MEM_SIZE),
      .base_address_alignment = query<cl_uint>(device, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8,
      .native_float_vector_width = query<cl_uint>(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT),
  });
}

std::vector<Device> Device::all() {
  detail::begin_opencl("Device::all");
  cl_uint platform_count = 0;
  const cl_int status = clGetPlatformIDs(0, nullptr, &platform_count);
  constexpr cl_int platform_not_found = -1001;  // the loader's answer when no driver is installed
  if (status == platform_not_found) return {};
  detail::check(status, "clGetPlatformIDs");
  if (platform_count == 0) return {};
  std::vector<cl_platform_id> platforms(platform_count);
  detail::check(clGetPlatformIDs(platform_count, platforms.data(), nullptr), "clGetPlatformIDs");

  std::vector<cl_device_id> ids;
  std::exception_ptr failure;
  for (const cl_platform_id platform : platforms) {
    try {
      const auto of_platform = ids_of(platform);
      ids.insert(ids.end(), of_platform.begin(), of_platform.end());
    } catch (const OpenCLError&) {
      failure = std::current_exception();
    }
  }
  if (ids.empty() && failure) std::rethrow_exception(failure);
  return std::vector<Device>(ids.begin(), ids.end());
}

Device Device::select(std::string_view query) {
  const std::vector<Device> devices = all();
  if (devices.empty()) {
    throw NoDevice(
        "[Device::select] no OpenCL device on this machine. Install a driver: for a CPU, the "
        "package pocl-opencl-icd (apt-get install pocl-opencl-icd); for a GPU, its vendor's OpenCL "
        "driver. 'clinfo -l' lists what the loader sees.");
  }
  if (query.empty()) {
    for (const DeviceType type : {DeviceType::gpu, DeviceType::accelerator}) {
      if (auto device = first_of_type(devices, type)) return *device;
    }
    return devices.front();
  }
  if (auto device = find(devices, query)) return *device;
  throw InvalidArgument(fmt::format(
      "[Device::select] no OpenCL device matches '{}'. Give an index, a type (cpu, gpu, "
      "accelerator) or a part of a name; there {}:{}",
      query, devices.size() == 1 ? "is" : "are", listing(devices)));
}

Device Device::default_device() {
  const char* wanted = std::getenv("DOVETAIL_DEVICE");
  return select(wanted == nullptr ? "" : wanted);
}

const Device::Facts& Device::facts() const noexcept {
  if (facts_) [[likely]]
    return *facts_;
  // Never destroyed: handles in static storage may ask later.
  static const auto* const none = new Facts;  // NOLINT(bugprone-unhandled-exception-at-new): tiny
  return *none;
}

const Device::Facts& Device::facts(std::string_view function) const {
  detail::check_not_moved_from(function, "device", facts_);
  return *facts_;
}

cl_device_id Device::get() const noexcept { return facts().id; }
cl_platform_id Device::platform() const noexcept { return facts().platform; }
const std::string& Device::name() const { return facts("Device::name").name; }
const std::string& Device::platform_name() const {
  return facts("Device::platform_name").platform_name;
}
const std::string& Device::driver_version() const {
  return facts("Device::driver_version").driver_version;
}
const std::string& Device::version() const { return facts("Device::version").version; }
DeviceType Device::type() const noexcept { return facts().type; }
unsigned Device::compute_units() const noexcept { return facts().compute_units; }
std::size_t Device::max_work_group_size() const noexcept { return facts().max_work_group_size; }
std::size_t Device::local_memory() const noexcept { return facts().local_memory; }
std::uint64_t Device::global_memory() const noexcept { return facts().global_memory; }
std::size_t Device::base_address_alignment() const noexcept {
  return facts().base_address_alignment;
}
unsigned Device::native_float_vector_width() const noexcept {
  return facts().native_float_vector_width;
}

bool Device::has_extension(std::string_view extension) const noexcept {
  if (extension.empty() || extension.find(' ') != std::string_view::npos) return false;
  std::string_view rest = facts().extensions;
  for (auto at = rest.find(extension); at != std::string_view::npos;
       at = rest.find(extension, at + 1)) {
    if (rest[at - 1] == ' ' && rest[at + extension.size()] == ' ') return true;
  }
  return false;
}

}  // namespace dovetail

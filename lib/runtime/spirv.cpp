// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/spirv.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/core/opencl_check.hpp"

namespace dovetail::detail {
namespace {

void check_module(std::string_view name, std::span<const unsigned char> module) {
  const auto refuse = [&](std::string_view why) {
    throw InvalidArgument(fmt::format(
        "[Program::from_spirv] '{}' {}; give a whole module, as spirv-as, clang or llvm-spirv "
        "writes it.",
        name, why));
  };
  if (module.empty()) refuse("is empty");
  if (module.size() % 4 != 0) {
    refuse(fmt::format("has {} bytes, which is no multiple of the 4 of a word", module.size()));
  }
  std::uint32_t magic = 0;
  std::memcpy(&magic, module.data(), sizeof(magic));
  if (magic != 0x07230203U && magic != 0x03022307U) {
    refuse(fmt::format("begins with {:#010x}, not with SPIR-V's magic number 0x07230203", magic));
  }
}

/// Such as "SPIR-V_1.2"; empty if the device takes no intermediate language.
std::string languages_of(const Device& device) {
  std::size_t size = 0;
  // Devices before OpenCL 2.1 may not know the question.
  if (clGetDeviceInfo(device.get(), CL_DEVICE_IL_VERSION, 0, nullptr, &size) != CL_SUCCESS) {
    return {};
  }
  std::string text(size, '\0');
  check(clGetDeviceInfo(device.get(), CL_DEVICE_IL_VERSION, size, text.data(), nullptr),
        "clGetDeviceInfo");
  return text;
}

/// {2, 1} for "OpenCL 2.1 ...".
std::pair<int, int> version_of(const Device& device) {
  constexpr std::string_view start = "OpenCL ";
  const std::string& text = device.version();
  std::pair<int, int> version{0, 0};
  if (!text.starts_with(start)) return version;
  const char* const end = text.data() + text.size();
  const auto major = std::from_chars(text.data() + start.size(), end, version.first);
  if (major.ptr != end) std::from_chars(major.ptr + 1, end, version.second);
  return version;
}

using CreateWithIL = cl_program(CL_API_CALL*)(cl_context, const void*, std::size_t, cl_int*);

/// The standard's own function from 2.1 on, the extension's before.
CreateWithIL creation_of(const Device& device) {
  if (version_of(device) >= std::pair(2, 1)) return &clCreateProgramWithIL;
  return reinterpret_cast<CreateWithIL>(
      clGetExtensionFunctionAddressForPlatform(device.platform(), "clCreateProgramWithILKHR"));
}

void set_constants(cl_program program, const Device& device, std::string_view name,
                   const SpecializationConstants& constants) {
  if (!constants.values().empty() && version_of(device) < std::pair(2, 2)) {
    throw InvalidArgument(fmt::format(
        "[Program::from_spirv] '{}' on '{}' ({}): specialization constants need OpenCL 2.2; set "
        "the values in the module.",
        name, device.name(), device.version()));
  }
  for (const auto& [id, value] : constants.values()) {
    const cl_int status =
        clSetProgramSpecializationConstant(program, id, value.nbytes, value.bytes.data());
    if (status == CL_INVALID_SPEC_ID || status == CL_INVALID_VALUE) {
      throw InvalidArgument(fmt::format(
          "[Program::from_spirv] '{}' does not take {} bytes as its specialization constant {} "
          "({}); give a SpecId of the module a value of its type.",
          name, value.nbytes, id,
          status == CL_INVALID_SPEC_ID ? "CL_INVALID_SPEC_ID" : "CL_INVALID_VALUE"));
    }
    check(status, "clSetProgramSpecializationConstant");
  }
}

}  // namespace

Owned<cl_program> create_spirv_program(cl_context context, const Device& device,
                                       std::string_view name, std::span<const unsigned char> module,
                                       const SpecializationConstants& constants) {
  check_module(name, module);
  const bool is_taken = languages_of(device).find("SPIR-V") != std::string::npos;
  const CreateWithIL create = is_taken ? creation_of(device) : nullptr;
  if (create == nullptr) {
    throw InvalidArgument(fmt::format(
        "[Program::from_spirv] '{}': the device '{}' ({}, driver {}) takes no SPIR-V; use "
        "Program::from_source with OpenCL C, or a device whose CL_DEVICE_IL_VERSION names SPIR-V.",
        name, device.name(), device.version(), device.driver_version()));
  }
  cl_int status = CL_SUCCESS;
  Owned<cl_program> program(create(context, module.data(), module.size(), &status));
  check(status, "clCreateProgramWithIL");
  set_constants(program.get(), device, name, constants);
  return program;
}

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/device.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "dovetail/core/context.hpp"
#include "dovetail/core/error.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_parts;
using test::expect_throws;
using test::text_thrown;

std::string with_case(std::string text, int (*change)(int)) {
  std::ranges::transform(text, text.begin(), [change](char c) {
    return static_cast<char>(change(static_cast<unsigned char>(c)));
  });
  return text;
}

TEST(Device, SelectFindsEachByItsIndex) {
  const auto devices = Device::all();
  ASSERT_FALSE(devices.empty());
  for (std::size_t i = 0; i < devices.size(); ++i) {
    EXPECT_EQ(Device::select(std::to_string(i)), devices[i]);
  }
}

TEST(Device, SelectTakesTheFirstOfAType) {
  const auto devices = Device::all();
  for (const DeviceType type : {DeviceType::cpu, DeviceType::gpu, DeviceType::accelerator}) {
    const auto first = std::ranges::find(devices, type, &Device::type);
    const std::string name(to_string(type));
    if (first != devices.end()) {
      EXPECT_EQ(Device::select(name), *first) << name;
    } else {
      EXPECT_THROW(Device::select(name), InvalidArgument) << name;
    }
  }
}

TEST(Device, SelectMatchesPartOfANameInAnyCase) {
  const Device device = Device::all().front();
  for (const std::string& name : {device.name(), device.platform_name()}) {
    ASSERT_GE(name.size(), 4u);
    EXPECT_EQ(Device::select(name), device);
    EXPECT_EQ(Device::select(with_case(name, std::toupper)), device);
    EXPECT_EQ(Device::select(with_case(name, std::tolower)), device);
    EXPECT_EQ(Device::select(with_case(name.substr(1, name.size() - 2), std::toupper)), device);
  }
}

TEST(Device, SelectPrefersAGpuWhenAskedForNothing) {
  const auto devices = Device::all();
  const auto gpu = std::ranges::find(devices, DeviceType::gpu, &Device::type);
  const Device chosen = Device::select("");
  if (gpu != devices.end()) {
    EXPECT_EQ(chosen, *gpu);
  } else {
    EXPECT_NE(std::ranges::find(devices, chosen), devices.end());
  }
}

TEST(Device, SelectListsAllDevicesWhenNoneMatches) {
  const auto devices = Device::all();
  for (const std::string wrong : {"no such device", "4711", "gpu2", "99999999999999999999999"}) {
    const auto text = text_thrown<InvalidArgument>([&] { Device::select(wrong); });
    expect_parts(text, "[Device::select]", "'" + wrong + "'", "an index, a type", "0: ");
    for (const Device& device : devices) expect_parts(text, device.name(), device.platform_name());
  }
}

TEST(Device, DefaultDeviceHonoursTheEnvironment) {
  const Device last = Device::all().back();
  {
    const test::ScopedVariable variable("DOVETAIL_DEVICE",
                                        std::to_string(Device::all().size() - 1).c_str());
    EXPECT_EQ(Device::default_device(), last);
  }
  {
    const test::ScopedVariable variable("DOVETAIL_DEVICE", "no such device");
    expect_throws<InvalidArgument>([] { Device::default_device(); }, "no such device");
  }
  const test::ScopedVariable variable("DOVETAIL_DEVICE", nullptr);
  EXPECT_EQ(Device::default_device(), Device::select(""));
}

TEST(Device, SelectSaysWhatToInstallWithoutAPlatform) {
  if (test::in_child()) {
    EXPECT_TRUE(Device::all().empty());
    for (const char* query : {"", "0", "cpu"}) {
      expect_throws<NoDevice>([&] { Device::select(query); }, "[Device::select]", "pocl-opencl-icd",
                              "clinfo -l");
    }
    EXPECT_THROW(static_cast<void>(Context::default_context()), NoDevice);
    return;
  }
  const test::TemporaryDirectory no_drivers;
  const auto child = test::run_again_in_child(
      {{"OCL_ICD_VENDORS", no_drivers.path().string() + "/"}, {"OCL_ICD_FILENAMES", ""}});
  EXPECT_TRUE(child.passed) << child.output;
}

TEST(Device, ReportsItsFacts) {
  for (const Device& device : Device::all()) {
    EXPECT_FALSE(device.name().empty());
    EXPECT_EQ(device.name().find('\0'), std::string::npos);
    EXPECT_FALSE(device.platform_name().empty());
    EXPECT_FALSE(device.driver_version().empty());
    EXPECT_TRUE(device.version().starts_with("OpenCL ")) << device.version();
    EXPECT_GE(device.compute_units(), 1u);
    EXPECT_GE(device.max_work_group_size(), 1u);
    EXPECT_GE(device.local_memory(), 1024u);
    EXPECT_GE(device.global_memory(), device.local_memory());
    EXPECT_GE(device.native_float_vector_width(), 1u);
    // 128 bytes is the least that holds a long16.
    EXPECT_GE(device.base_address_alignment(), 16u);
    EXPECT_EQ(device, Device(device.get()));
    EXPECT_NE(device.platform(), nullptr);
  }
}

TEST(Device, HasExtensionMatchesWholeNamesOnly) {
  const Device device = Device::select("");
  const std::string name = "cl_khr_global_int32_base_atomics";
  ASSERT_TRUE(device.has_extension(name));
  EXPECT_FALSE(device.has_extension(name.substr(0, name.size() - 1)));
  EXPECT_FALSE(device.has_extension(name.substr(1)));
  EXPECT_FALSE(device.has_extension("cl_khr"));
  EXPECT_FALSE(device.has_extension("cl_khr_no_such_extension"));
  EXPECT_FALSE(device.has_extension(""));
  EXPECT_FALSE(device.has_extension(" "));
  EXPECT_FALSE(device.has_extension(name + " "));
  EXPECT_FALSE(device.has_extension(" " + name));
}

TEST(Device, RefusesNull) {
  const auto error = test::caught<OpenCLError>([] { Device device(nullptr); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), CL_INVALID_DEVICE);
  EXPECT_EQ(error->call(), "clGetDeviceInfo");
}

TEST(Device, TypesHaveNames) {
  EXPECT_EQ(to_string(DeviceType::cpu), "cpu");
  EXPECT_EQ(to_string(DeviceType::gpu), "gpu");
  EXPECT_EQ(to_string(DeviceType::accelerator), "accelerator");
  EXPECT_EQ(to_string(DeviceType::other), "other");
}

}  // namespace
}  // namespace dovetail

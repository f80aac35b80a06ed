// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/context.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "dovetail/core/error.hpp"
#include "tests/support/thrown.hpp"
#include "tests/support/two_devices.hpp"

namespace dovetail {
namespace {

using test::expect_parts;
using test::text_thrown;

cl_uint references(cl_context context) {
  cl_uint count = 0;
  EXPECT_EQ(clGetContextInfo(context, CL_CONTEXT_REFERENCE_COUNT, sizeof(count), &count, nullptr),
            0);
  return count;
}

/// A context that the test makes with OpenCL alone, on `devices`.
class NativeContext {
 public:
  explicit NativeContext(const std::vector<cl_device_id>& devices)
      : context_(clCreateContext(nullptr, static_cast<cl_uint>(devices.size()), devices.data(),
                                 nullptr, nullptr, nullptr)) {}
  ~NativeContext() {
    if (context_ != nullptr) clReleaseContext(context_);
  }
  NativeContext(const NativeContext&) = delete;
  NativeContext& operator=(const NativeContext&) = delete;
  cl_context get() const { return context_; }

 private:
  cl_context context_;
};

TEST(Context, HoldsOneReferenceForAllItsHandles) {
  const Device device = Device::default_device();
  const NativeContext native({device.get()});
  ASSERT_NE(native.get(), nullptr);
  const cl_uint before = references(native.get());
  {
    std::optional<Context> first = Context::retain(native.get(), device);
    EXPECT_EQ(references(native.get()), before + 1);
    const Context second = *first;
    EXPECT_EQ(references(native.get()), before + 1);
    EXPECT_EQ(second, *first);
    EXPECT_EQ(second.get(), native.get());
    EXPECT_EQ(second.device(), device);
    first.reset();
    EXPECT_EQ(references(native.get()), before + 1);
  }
  EXPECT_EQ(references(native.get()), before);
}

TEST(Context, RetainRefusesNull) {
  expect_parts(text_thrown<InvalidArgument>(
                   [] { static_cast<void>(Context::retain(nullptr, Device::default_device())); }),
               "[Context::retain]", "null", "live cl_context");
}

TEST(Context, RetainRefusesADeviceThatTheContextDoesNotHold) {
  test::with_two_devices([](const Device& first, const Device& second) {
    const NativeContext native({first.get()});
    ASSERT_NE(native.get(), nullptr);
    const cl_uint before = references(native.get());
    expect_parts(text_thrown<InvalidArgument>(
                     [&] { static_cast<void>(Context::retain(native.get(), second)); }),
                 "[Context::retain]", "of 1 device(s)", "'" + second.name() + "'",
                 "give a device that the context was made with");
    EXPECT_EQ(references(native.get()), before);
  });
}

TEST(Context, TwoOnOneDeviceDiffer) {
  const Device device = Device::default_device();
  const Context first(device);
  const Context second(device);
  EXPECT_FALSE(first == second);
  EXPECT_EQ(references(first.get()), 1u);
}

TEST(Context, DefaultIsOneOnTheDefaultDevice) {
  EXPECT_EQ(&Context::default_context(), &Context::default_context());
  EXPECT_EQ(Context::default_context().device(), Device::default_device());
}

}  // namespace
}  // namespace dovetail

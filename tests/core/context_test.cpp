// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/context.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "dovetail/core/error.hpp"
#include "lib/core/context_attachment.hpp"
#include "tests/support/thrown.hpp"
#include "tests/support/two_devices.hpp"

namespace dovetail {
namespace {

using test::expect_throws;

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
  expect_throws<InvalidArgument>(
      [] { static_cast<void>(Context::retain(nullptr, Device::default_device())); },
      "[Context::retain]", "null", "live cl_context");
}

TEST(Context, RetainRefusesADeviceThatTheContextDoesNotHold) {
  test::with_two_devices([](const Device& first, const Device& second) {
    const NativeContext native({first.get()});
    ASSERT_NE(native.get(), nullptr);
    const cl_uint before = references(native.get());
    expect_throws<InvalidArgument>(
        [&] { static_cast<void>(Context::retain(native.get(), second)); }, "[Context::retain]",
        "of 1 device(s)", "'" + second.name() + "'",
        "give a device that the context was made with");
    EXPECT_EQ(references(native.get()), before);
  });
}

/// Belongs to one context and has a number of its own.
struct Belonging {
  int number;
};

int belonging_of(const Context& context) {
  static std::atomic<int> made{0};
  return detail::attachment<Belonging>(
             context, [] { return std::make_shared<Belonging>(Belonging{made.fetch_add(1)}); })
      .number;
}

TEST(Context, SecondAdoptionSharesItsBelongings) {
  const Device device = Device::default_device();
  const NativeContext native({device.get()});
  ASSERT_NE(native.get(), nullptr);
  std::optional<Context> first = Context::retain(native.get(), device);
  const int belonging = belonging_of(*first);
  const Context second = Context::retain(native.get(), device);
  EXPECT_EQ(belonging_of(second), belonging);
  EXPECT_EQ(references(native.get()), 2u);
  first.reset();
  EXPECT_EQ(belonging_of(Context::retain(native.get(), device)), belonging);
}

TEST(Context, AdoptionOfAnOwnContextSharesItsBelongings) {
  const Context own(Device::default_device());
  const int belonging = belonging_of(own);
  EXPECT_EQ(belonging_of(Context::retain(own.get(), own.device())), belonging);
  EXPECT_NE(belonging_of(Context(own.device())), belonging);
  const Context& usual = Context::default_context();
  EXPECT_EQ(belonging_of(Context::retain(usual.get(), usual.device())), belonging_of(usual));
}

TEST(Context, AdoptionAfterTheLastHandleBeginsAnew) {
  const Device device = Device::default_device();
  const NativeContext native({device.get()});
  ASSERT_NE(native.get(), nullptr);
  const int before = belonging_of(Context::retain(native.get(), device));
  EXPECT_EQ(references(native.get()), 1u);
  EXPECT_NE(belonging_of(Context::retain(native.get(), device)), before);
}

TEST(Context, AdoptionForTwoDevicesSeparatesTheirBelongings) {
  test::with_two_devices([](const Device& first, const Device& second) {
    const NativeContext native({first.get(), second.get()});
    ASSERT_NE(native.get(), nullptr);
    const Context one = Context::retain(native.get(), first);
    const Context two = Context::retain(native.get(), second);
    EXPECT_NE(belonging_of(one), belonging_of(two));
    EXPECT_EQ(one.device(), first);
    EXPECT_EQ(two.device(), second);
  });
}

TEST(Context, ConcurrentAdoptionsShareOneContext) {
  const Device device = Device::default_device();
  const NativeContext native({device.get()});
  ASSERT_NE(native.get(), nullptr);
  const auto adopt_often = [&] {
    for (int i = 0; i < 2000; ++i) {
      const Context one = Context::retain(native.get(), device);
      const Context two = Context::retain(native.get(), device);
      if (belonging_of(one) != belonging_of(two)) ADD_FAILURE() << "two sets at one time";
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(adopt_often);
  }
  EXPECT_EQ(references(native.get()), 1u);
}

/// Is destroyed after everything that is made while the process runs.
struct UsedLast {
  ~UsedLast() {
    if (!context || ::getpid() != process) return;  // another test was asked for, or forks
    const Context again = Context::retain(context->get(), context->device());
    if (belonging_of(again) != belonging) std::abort();
    context.reset();
  }
  std::optional<Context> context;
  int belonging = 0;
  pid_t process = ::getpid();
};
UsedLast used_last;

TEST(Context, StaticDestructorsAdoptAndReleaseIt) {
  used_last.context.emplace(Device::default_device());
  used_last.belonging = belonging_of(*used_last.context);
}

TEST(Context, DiffersFromAnotherOnTheSameDevice) {
  const Device device = Device::default_device();
  const Context first(device);
  const Context second(device);
  EXPECT_FALSE(first == second);
  EXPECT_EQ(references(first.get()), 1u);
}

TEST(Context, DefaultContextUsesTheDefaultDevice) {
  EXPECT_EQ(&Context::default_context(), &Context::default_context());
  EXPECT_EQ(Context::default_context().device(), Device::default_device());
}

}  // namespace
}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// Tensors of other frameworks while single calls of the driver fail.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/dlpack.hpp"
#include "dovetail/runtime/recording.hpp"
#include "tests/interop/foreign_tensor.hpp"
#include "tests/support/fault.hpp"
#include "tests/support/gate.hpp"

namespace dovetail {
namespace {

using test::context;
using test::Fault;

constexpr std::int64_t count = 64;

/// The name of the entry point that fails.
class FaultyImport : public test::FaultTest, public testing::WithParamInterface<const char*> {};

TEST_P(FaultyImport, ReturnsOnceItsWorkIsDone) {
  const Stream stream(context());
  const Buffer data = test::buffer_of(std::vector<int>(count, 1));
  test::ForeignTensor foreign(data.get(), {count});
  std::optional<Tensor> taken = interop::from_dlpack(context(), &foreign.managed);
  test::Gate gate(stream);
  test::set_kernel().launch(stream, NDRange({count}), writes(*taken), 5);
  {
    const Fault fault(GetParam());
    taken.reset();
    while (fault.fired() == 0) {  // the deferring thread polls the work
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(test::is_kept(foreign));
  }
  gate.release();
  static_cast<void>(foreign.deleted_by());
  EXPECT_EQ(test::contents(data), std::vector<int>(count, 5));
}

INSTANTIATE_TEST_SUITE_P(Calls, FaultyImport,
                         testing::Values("clEnqueueMarkerWithWaitList", "clFlush",
                                         "clGetEventInfo"),
                         [](const auto& instance) { return std::string(instance.param); });

class FaultyHostMapping : public test::FaultTest {
 protected:
  void SetUp() override {
    FaultTest::SetUp();
    if (IsSkipped()) return;
    if (context().device().type() != DeviceType::cpu) {
      GTEST_SKIP() << "no CPU: the driver may copy the host's memory, and is asked for no mapping";
    }
  }
};
using FaultyHostImport = FaultyHostMapping;
using FaultyHostExport = FaultyHostMapping;

TEST_F(FaultyHostImport, UnmapsOnlyAfterTheMappingEnds) {
  const Stream stream(context());
  const test::HostInts ints(std::vector<int>(count, 1));
  test::ForeignTensor foreign(ints.data(), kDLCPU, {count});
  {
    const Tensor taken = interop::from_dlpack(context(), &foreign.managed);
    test::Gate gate(stream);
    test::set_kernel().launch(stream, NDRange({count}), writes(taken), 5);
    std::thread opens;
    {
      const Fault wait("clWaitForEvents"), status("clGetEventInfo");
      opens = std::thread([&] {
        while (status.fired() == 0) std::this_thread::yield();
        gate.release();
      });
      EXPECT_THROW(interop::synchronize_host(stream, taken), OpenCLError);
      opens.join();
    }
    stream.reset();
    interop::synchronize_host(stream, taken);
    EXPECT_EQ(ints.values(), std::vector<int>(count, 5));
  }
  static_cast<void>(foreign.deleted_by());
}

TEST_F(FaultyHostExport, UnmapsInOrderThoughTheBarrierFailedOnce) {
  const Stream stream(context()), other(context());
  const Tensor tensor = Tensor::zeros(stream, {count}, DType::i32);
  DLManagedTensor* const given = interop::to_dlpack_host(stream, tensor);
  test::Gate gate(other);
  test::set_kernel().launch(other, NDRange({count}), writes(tensor), 5);
  {
    const Capture capture(stream);  // so that another has to unmap it
    const Fault fault("clEnqueueBarrierWithWaitList");
    given->deleter(given);
    EXPECT_EQ(fault.fired(), 1u);
  }
  gate.release();
  EXPECT_EQ(tensor.to_host<int>(stream), std::vector<int>(count, 5));
  EXPECT_EQ(test::mappings_of(tensor), 0u);
}

TEST_F(FaultyHostImport, UnmapsAndReturnsAfterAFailedUnmap) {
  const Stream stream(context());
  const test::HostInts ints(std::vector<int>(count, 1));
  test::ForeignTensor foreign(ints.data(), kDLCPU, {count});
  {
    const Tensor taken = interop::from_dlpack(context(), &foreign.managed);
    test::set_kernel().launch(stream, NDRange({count}), writes(taken), 5);
    const Fault fault("clEnqueueUnmapMemObject");
    EXPECT_NO_THROW(interop::synchronize_host(stream, taken));
    EXPECT_EQ(fault.fired(), 1u);
    EXPECT_EQ(ints.values(), std::vector<int>(count, 5));
  }
  for (int i = 0; i < 1000 && foreign.deletions() == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(foreign.deletions(), 1);
}

}  // namespace
}  // namespace dovetail

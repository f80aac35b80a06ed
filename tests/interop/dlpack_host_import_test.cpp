// SPDX-License-Identifier: Apache-2.0
// Host memory imported from another framework.
#include <dlpack/dlpack.h>
#include <gtest/gtest.h>

#include <optional>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/dlpack.hpp"
#include "tests/interop/foreign_tensor.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using interop::from_dlpack;
using test::context;
using test::ForeignTensor;
using test::HostInts;
using test::is_kept;

class DlpackHostImport : public testing::Test {
 protected:
  void SetUp() override {
    if (context().device().type() != DeviceType::cpu) GTEST_SKIP() << "the device is no CPU";
  }
  const Stream stream{context()}, other{context()};
  const HostInts memory{std::vector<int>(64, 4)};
  ForeignTensor foreign{memory.data(), kDLCPU, {64}};
};

TEST_F(DlpackHostImport, WorksInPlaceAndShowsResultsOnceSynchronized) {
  {
    const Tensor tensor = from_dlpack(context(), &foreign.managed);
    test::grow_kernel().launch(stream, NDRange({64}), tensor);
    interop::synchronize_host(other, tensor);
    EXPECT_EQ(memory.values(), std::vector<int>(64, 9));

    memory.data()[5] = 100;  // what the host writes now, the next work sees
    test::grow_kernel().launch(stream, NDRange({64}), tensor);
    interop::synchronize_host(stream, tensor);
    EXPECT_EQ(memory.data()[5], 201);
    EXPECT_EQ(memory.data()[6], 19);
    EXPECT_EQ(foreign.deletions(), 0);
  }
  static_cast<void>(foreign.deleted_by());
  EXPECT_EQ(foreign.deletions(), 1);
}

TEST_F(DlpackHostImport, ReturnsInTheThreadThatDropsItWhenUnused) {
  static_cast<void>(from_dlpack(context(), &foreign.managed));
  EXPECT_EQ(foreign.deletions(), 1);
  EXPECT_EQ(foreign.deleted_by(), std::this_thread::get_id());
}

TEST_F(DlpackHostImport, KeepsTheMemoryUntilWorkInFlightIsDone) {
  std::optional<Tensor> tensor = from_dlpack(context(), &foreign.managed);
  test::Gate gate(stream);
  test::grow_kernel().launch(stream, NDRange({64}), *tensor);
  tensor.reset();
  EXPECT_TRUE(is_kept(foreign));
  EXPECT_EQ(memory.values(), std::vector<int>(64, 4));
  gate.release();
  static_cast<void>(foreign.deleted_by());
  EXPECT_EQ(memory.values(), std::vector<int>(64, 9));
  stream.synchronize();
  EXPECT_EQ(foreign.deletions(), 1);
}

TEST_F(DlpackHostImport, KeepsTheMemoryForWorkThatDovetailDoesNotKnowOf) {
  const test::NativeQueue native(context());
  const Stream held = Stream::retain(context(), native.get());
  test::Gate gate(held);
  std::optional<Tensor> tensor = from_dlpack(context(), &foreign.managed);
  test::raw_set(native.get(), tensor->storage(), 5);
  tensor.reset();
  EXPECT_TRUE(is_kept(foreign));
  gate.release();
  static_cast<void>(foreign.deleted_by());
  EXPECT_EQ(memory.values(), std::vector<int>(64, 5));
}

TEST_F(DlpackHostImport, BeginsAtTheByteOffset) {
  foreign.managed.dl_tensor.byte_offset = 128;
  foreign.shape[0] = 32;
  {
    const Tensor tensor = from_dlpack(context(), &foreign.managed);
    test::grow_kernel().launch(stream, NDRange({32}), tensor);
    interop::synchronize_host(stream, tensor);
  }
  static_cast<void>(foreign.deleted_by());
  EXPECT_EQ(memory.data()[31], 4);
  EXPECT_EQ(memory.data()[32], 9);
}

TEST_F(DlpackHostImport, GoesBackToAnotherFrameworkAtTheSameAddress) {
  {
    const Tensor tensor = from_dlpack(context(), &foreign.managed);
    DLManagedTensor* const given = interop::to_dlpack_host(stream, tensor);
    EXPECT_EQ(given->dl_tensor.data, memory.data());
    given->deleter(given);
  }
  static_cast<void>(foreign.deleted_by());
}

TEST_F(DlpackHostImport, RefusesMemoryThatIsNotAligned) {
  foreign.managed.dl_tensor.byte_offset = 4;
  foreign.shape[0] = 16;
  test::expect_throws<InvalidArgument>([&] { (void)from_dlpack(context(), &foreign.managed); },
                                       "[from_dlpack]", "not aligned to 64 bytes",
                                       ".may_copy = true");
  EXPECT_EQ(foreign.deletions(), 0);
}

TEST(DlpackHostCopy, HappensWhenNeededAndAllowed) {
  const HostInts memory(std::vector<int>(64, 4));
  ForeignTensor foreign(memory.data(), kDLCPU, {16});
  foreign.managed.dl_tensor.byte_offset = 4;
  const Stream stream(context());
  const Tensor tensor = from_dlpack(context(), &foreign.managed, {.may_copy = true});
  EXPECT_EQ(foreign.deletions(), 1);
  test::grow_kernel().launch(stream, NDRange({16}), tensor);
  EXPECT_EQ(tensor.to_host<int>(stream), std::vector<int>(16, 9));
  EXPECT_EQ(memory.values(), std::vector<int>(64, 4));
}

TEST_F(DlpackHostImport, StaysInPlaceThoughACopyIsAllowed) {
  {
    const Tensor tensor = from_dlpack(context(), &foreign.managed, {.may_copy = true});
    EXPECT_EQ(foreign.deletions(), 0);
  }
  static_cast<void>(foreign.deleted_by());
}

TEST(SynchronizeHost, RefusesWhatIsNotTheHostsMemory) {
  const Stream stream(context());
  const Tensor tensor = Tensor::zeros(stream, {2, 3});
  test::expect_throws<InvalidArgument>([&] { interop::synchronize_host(stream, tensor); },
                                       "[synchronize_host]", "[2, 3]", "to_host");
}

}  // namespace
}  // namespace dovetail

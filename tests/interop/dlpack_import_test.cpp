// SPDX-License-Identifier: Apache-2.0
// Tensors imported from another framework: which are accepted, and when their deleters run.
#include <dlpack/dlpack.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <utility>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/dlpack.hpp"
#include "tests/interop/foreign_tensor.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using interop::from_dlpack;
using test::context;
using test::ForeignTensor;
using test::is_kept;

cl_uint references(cl_mem memory) {
  cl_uint count = 0;
  clGetMemObjectInfo(memory, CL_MEM_REFERENCE_COUNT, sizeof(count), &count, nullptr);
  return count;
}

class DlpackImport : public testing::Test {
 protected:
  const Stream stream{context()};
  const Buffer buffer = test::buffer_of(std::vector<int>(64, 4));
};

TEST_F(DlpackImport, UsesOpenCLMemoryInPlace) {
  const std::size_t offset =
      std::max<std::size_t>(context().device().base_address_alignment(), 128);
  const std::size_t first = offset / sizeof(int);  // where a kernel's argument may begin
  const Buffer large = test::buffer_of(std::vector<int>(2 * first, 4));
  ForeignTensor foreign(large.lend(), {4, 4});
  foreign.managed.dl_tensor.byte_offset = offset;
  {
    const Tensor tensor = from_dlpack(context(), &foreign.managed);
    EXPECT_EQ(tensor.storage().buffer, large);
    test::grow_kernel().launch(stream, NDRange({16}), tensor);
    EXPECT_EQ(tensor.to_host<int>(stream), std::vector<int>(16, 9));
  }
  EXPECT_EQ(foreign.deletions(), 1);
  std::vector<int> expected(2 * first, 4);
  std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(first), 16, 9);
  EXPECT_EQ(test::contents(large), expected);
}

TEST_F(DlpackImport, GivesBackWithTheLastHandleInTheThreadThatDropsIt) {
  ForeignTensor foreign(buffer.lend(), {64});
  const cl_uint before = references(buffer.lend());
  std::optional<Tensor> tensor = from_dlpack(context(), &foreign.managed);
  EXPECT_EQ(references(buffer.lend()), before + 1);
  std::optional<Tensor> view = tensor->view({8, 8});
  tensor.reset();
  EXPECT_EQ(foreign.deletions(), 0);
  view.reset();
  EXPECT_EQ(foreign.deletions(), 1);
  EXPECT_EQ(foreign.deleted_by(), std::this_thread::get_id());
  EXPECT_EQ(references(buffer.lend()), before);
}

TEST_F(DlpackImport, KeepsOpenCLMemoryUntilWorkInFlightIsDone) {
  ForeignTensor foreign(buffer.lend(), {64});
  std::optional<Tensor> tensor = from_dlpack(context(), &foreign.managed);
  test::Gate gate(stream);
  test::grow_kernel().launch(stream, NDRange({64}), *tensor);
  tensor.reset();
  EXPECT_TRUE(is_kept(foreign));
  gate.release();
  EXPECT_NE(foreign.deleted_by(), std::this_thread::get_id());
  EXPECT_EQ(test::contents(buffer), std::vector<int>(64, 9));
  stream.synchronize();
  EXPECT_EQ(foreign.deletions(), 1);
}

TEST_F(DlpackImport, KeepsOpenCLMemoryForWhatOthersEnqueuedOnAStreamOfOurs) {
  ForeignTensor foreign(buffer.lend(), {64});
  std::optional<Tensor> tensor = from_dlpack(context(), &foreign.managed);
  test::grow_kernel().launch(stream, NDRange({64}), *tensor);
  stream.synchronize();
  test::Gate gate(stream);
  static_cast<void>(tensor->storage().buffer.lend());
  test::raw_set(stream.get(), tensor->storage(), 5);
  tensor.reset();
  EXPECT_TRUE(is_kept(foreign));
  gate.release();
  static_cast<void>(foreign.deleted_by());
  EXPECT_EQ(test::contents(buffer), std::vector<int>(64, 5));
}

TEST_F(DlpackImport, GivesSeveralBackInTheOrderInWhichTheirWorkEnds) {
  const Buffer second_buffer = test::buffer_of(std::vector<int>(64, 0));
  ForeignTensor first(buffer.lend(), {64}), second(second_buffer.lend(), {64});
  const Stream other(context());
  test::Gate gate(stream), other_gate(other);
  test::grow_kernel().launch(stream, NDRange({64}), from_dlpack(context(), &first.managed));
  test::grow_kernel().launch(other, NDRange({64}), from_dlpack(context(), &second.managed));
  other_gate.release();
  static_cast<void>(second.deleted_by());
  EXPECT_EQ(first.deletions(), 0);
  gate.release();
  static_cast<void>(first.deleted_by());
  EXPECT_EQ(first.deletions(), 1);
  EXPECT_EQ(second.deletions(), 1);
}

TEST_F(DlpackImport, GivesBackAfterWorkThatFails) {
  ForeignTensor foreign(buffer.lend(), {64});
  {
    test::Gate gate(stream);
    const Tensor tensor = from_dlpack(context(), &foreign.managed);
    test::grow_kernel().launch(stream, NDRange({64}), tensor);
    gate.fail(CL_OUT_OF_RESOURCES);
  }
  static_cast<void>(foreign.deleted_by());
  EXPECT_EQ(foreign.deletions(), 1);
}

TEST_F(DlpackImport, ProcessEndsWhileItIsInUse) {
  if (!test::in_child()) {
    const auto child = test::run_again_in_child();
    EXPECT_TRUE(child.passed) << child.output;
    return;
  }
  // Never destroyed, as the deleter may run at any time until then; static, so that leak checkers
  // still find it.
  static ForeignTensor& foreign = *new ForeignTensor(buffer.lend(), {64});
  const Tensor tensor = from_dlpack(context(), &foreign.managed);
  for (int i = 0; i < 1000; ++i) test::grow_kernel().launch(stream, NDRange({64}), tensor);
}

TEST_F(DlpackImport, KernelThatPointsToOtherElementsRefusesIt) {
  ForeignTensor foreign(buffer.lend(), kDLOpenCL, {64}, {kDLFloat, 32, 1});
  const Tensor tensor = from_dlpack(context(), &foreign.managed);
  test::expect_throws<InvalidArgument>(
      [&] { test::grow_kernel().launch(stream, NDRange({64}), tensor); }, "argument 0, 'int*",
      "elements of float32", "storage()");
}

TEST_F(DlpackImport, WorksWithoutADeleter) {
  ForeignTensor foreign(buffer.lend(), {64});
  foreign.managed.deleter = nullptr;
  EXPECT_EQ(from_dlpack(context(), &foreign.managed).size(), 64);
}

TEST_F(DlpackImport, ReturnsAtOnceWithoutElements) {
  ForeignTensor foreign(nullptr, kDLCPU, {0, 3});
  const Tensor tensor = from_dlpack(context(), &foreign.managed);
  EXPECT_EQ(tensor.shape(), (Shape{0, 3}));
  EXPECT_EQ(foreign.deletions(), 1);
}

TEST_F(DlpackImport, TakesStridesThatSayRowMajor) {
  ForeignTensor foreign(buffer.lend(), {2, 1, 4});
  foreign.strides = {4, 99, 1};  // that of one element says nothing
  foreign.managed.dl_tensor.strides = foreign.strides.data();
  EXPECT_EQ(from_dlpack(context(), &foreign.managed).shape(), (Shape{2, 1, 4}));
}

class DlpackRefusal : public DlpackImport {
 protected:
  /// Imports the tensor, which must throw and leave it to the caller. Returns the error's text.
  std::string text(const interop::DlpackImportOptions& options = {}) {
    const std::string thrown = test::text_thrown<InvalidArgument>(
        [&] { (void)from_dlpack(context(), &foreign.managed, options); });
    EXPECT_EQ(foreign.deletions(), 0);
    EXPECT_EQ(references(buffer.lend()), before);
    return thrown;
  }
  ForeignTensor foreign{buffer.lend(), {4, 4}};
  DLTensor& described = foreign.managed.dl_tensor;
  const cl_uint before = references(buffer.lend());
};

TEST_F(DlpackRefusal, NamesStridesThatAreNotRowMajor) {
  foreign.strides = {1, 4};
  described.strides = foreign.strides.data();
  test::expect_parts(text(), "[from_dlpack]", "[4, 4]", "[1, 4]", "contiguous copy");
}

TEST_F(DlpackRefusal, NamesATypeThatTensorsLack) {
  for (const DLDataType type : {DLDataType{kDLFloat, 32, 4}, DLDataType{kDLUInt, 4, 1},
                                DLDataType{kDLComplex, 64, 1}, DLDataType{kDLFloat, 8, 1}}) {
    described.dtype = type;
    test::expect_parts(text(), "[from_dlpack]",
                       "code " + std::to_string(type.code) + " with " + std::to_string(type.bits) +
                           " bits and " + std::to_string(type.lanes) + " lanes",
                       "float32");
  }
}

TEST_F(DlpackRefusal, NamesAnImpossibleShape) {
  foreign.shape.assign(9, 1);
  described.shape = foreign.shape.data();
  described.ndim = 9;
  test::expect_parts(text(), "at most 8 dimensions");
  described.ndim = -1;
  test::expect_parts(text(), "[from_dlpack]", "-1 dimensions");
  described.ndim = 2;
  described.shape = nullptr;
  test::expect_parts(text(), "[from_dlpack]", "2 dimensions without sizes");
}

TEST_F(DlpackRefusal, ReadsNoSizesBeyondTheRankOfATensor) {
  for (const int rank : {std::numeric_limits<int>::max(), std::numeric_limits<int>::min(), 9}) {
    described.ndim = rank;
    test::expect_parts(text(), "[from_dlpack]", std::to_string(rank) + " dimensions",
                       "at most 8 dimensions");
  }
}

TEST_F(DlpackRefusal, NamesAnEndBeyondAllMemory) {
  const std::string shape = "shape [4, 4] of int32";
  described.byte_offset = std::uint64_t{1} << 63;
  for (const DLDeviceType device : {kDLOpenCL, kDLCPU}) {
    described.device.device_type = device;
    test::expect_parts(text(), "[from_dlpack]", shape, "byte_offset 9223372036854775808",
                       "valid DLTensor");
  }
  described.byte_offset = ~std::uint64_t{0} - 15;  // ends at 48 if it wraps
  test::expect_parts(text(), "[from_dlpack]", shape);
  described.byte_offset = 0;
  foreign.shape = {(std::int64_t{1} << 62) + 1};  // 4 bytes if it wraps
  described.ndim = 1;
  described.shape = foreign.shape.data();
  test::expect_parts(text(), "[from_dlpack]", "shape [4611686018427387905] of int32");
}

TEST_F(DlpackRefusal, NamesAContextThatWasMovedFrom) {
  Context moved = context();
  const Context other = std::move(moved);
  test::expect_throws<InvalidArgument>([&] { (void)from_dlpack(moved, &foreign.managed); },
                                       "[from_dlpack] the context was moved from");
}

TEST_F(DlpackRefusal, NamesMemoryThatIsTooSmall) {
  described.byte_offset = 256 - 60;
  test::expect_parts(text(), "64 bytes behind offset 196", "256");
}

TEST_F(DlpackRefusal, NamesAnotherDeviceAndTheRemedy) {
  described.device.device_type = kDLCUDA;
  test::expect_parts(text(), "[from_dlpack]", "device type 2", "move the tensor to the CPU");
}

TEST_F(DlpackRefusal, NamesWhatIsNull) {
  described.data = nullptr;
  test::expect_parts(text(), "[from_dlpack]", "null");
  test::expect_throws<InvalidArgument>([] { (void)from_dlpack(context(), nullptr); },
                                       "[from_dlpack] the tensor is null");
}

TEST_F(DlpackRefusal, NamesAnotherContextOfMemoryAndQueue) {
  const test::NativeQueue elsewhere(test::other_context());
  test::expect_parts(text({.queue = elsewhere.get()}), "another context");
  const Buffer other(test::other_context(), 256);
  described.data = other.lend();
  test::expect_parts(text(), "another context");
}

TEST_F(DlpackRefusal, NamesAQueueForTheHostsMemory) {
  described.device.device_type = kDLCPU;
  test::expect_parts(text({.queue = stream.get()}), "[from_dlpack] a queue", "leave it out");
}

TEST_F(DlpackRefusal, FollowsAFailedQueueAndTakesNothing) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  const Stream failed(context());
  {
    test::Gate gate(failed);
    const Event behind = failed.record();
    gate.fail(CL_OUT_OF_RESOURCES);
    EXPECT_THROW(behind.synchronize(), CommandError);
  }
  EXPECT_THROW((void)from_dlpack(context(), &foreign.managed, {.queue = failed.get()}),
               CommandError);
  EXPECT_EQ(foreign.deletions(), 0);
  EXPECT_EQ(references(buffer.lend()), before);
}

}  // namespace
}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// Tensors exported to another framework: what it receives, and for how long.
#include <dlfcn.h>
#include <dlpack/dlpack.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "dovetail/core/error.hpp"
#include "dovetail/interop/dlpack.hpp"
#include "dovetail/runtime/recording.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "tests/interop/foreign_tensor.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using interop::from_dlpack;
using interop::to_dlpack;
using interop::to_dlpack_host;
using test::context;

void give_back(DLManagedTensor* managed) { managed->deleter(managed); }

Tensor ints(const std::vector<int>& values) {
  return Tensor::from_host<int>(context(), values, {static_cast<std::int64_t>(values.size())});
}

TEST(DlpackExport, ShowsTheTensorsOwnMemory) {
  const Buffer buffer(context(), 1024);
  const Tensor tensor = Tensor::from_buffer(buffer, {2, 3, 4}, DType::f64, 128);
  DLManagedTensor* const given = to_dlpack(tensor);
  const DLTensor& described = given->dl_tensor;
  EXPECT_EQ(described.data, buffer.lend());
  EXPECT_EQ(described.byte_offset, 128u);
  EXPECT_EQ(described.device.device_type, kDLOpenCL);
  EXPECT_EQ(Device::all().at(static_cast<std::size_t>(described.device.device_id)),
            context().device());
  EXPECT_EQ(std::vector(described.shape, described.shape + described.ndim),
            (std::vector<std::int64_t>{2, 3, 4}));
  EXPECT_EQ(std::vector(described.strides, described.strides + described.ndim),
            (std::vector<std::int64_t>{12, 4, 1}));
  EXPECT_EQ(described.dtype.code, kDLFloat);
  EXPECT_EQ(described.dtype.bits, 64);
  EXPECT_EQ(described.dtype.lanes, 1);
  give_back(given);
}

TEST(DlpackExport, DescribesAView) {
  const Tensor whole = ints({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}).view({3, 4});
  DLManagedTensor* const given = to_dlpack(whole.slice(1, 1).transpose().flip(0));
  const DLTensor& described = given->dl_tensor;
  EXPECT_EQ(described.data, whole.storage().buffer.lend());
  EXPECT_EQ(described.byte_offset, 3 * sizeof(int));
  EXPECT_EQ(std::vector(described.shape, described.shape + described.ndim),
            (std::vector<std::int64_t>{3, 3}));
  EXPECT_EQ(std::vector(described.strides, described.strides + described.ndim),
            (std::vector<std::int64_t>{-1, 4}));
  give_back(given);
}

TEST(DlpackExport, RoundTripKeepsEveryDTypeShapeAndOffset) {
  for (const DTypeInfo& row : dtype_table) {
    const DType dtype = row.dtype;
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{1, 2, 1, 2, 1, 2, 1, 2}}) {
      SCOPED_TRACE(std::string(to_string(dtype)) + " " + shape.str());
      const Buffer buffer(context(), 512);
      const Tensor tensor = Tensor::from_buffer(buffer, shape, dtype, 256);
      const Tensor back = from_dlpack(context(), to_dlpack(tensor));
      EXPECT_EQ(back.dtype(), dtype);
      EXPECT_EQ(back.shape(), shape);
      EXPECT_EQ(back.storage().buffer, buffer);
      EXPECT_EQ(back.storage().offset, 256u);
      EXPECT_EQ(back.nbytes(), tensor.nbytes());
    }
  }
}

TEST(DlpackExport, ShowsNoMemoryWithoutElements) {
  const Stream stream(context());
  for (const bool to_host : {false, true}) {
    if (to_host && context().device().type() != DeviceType::cpu) continue;
    const Tensor tensor = Tensor::empty(stream, {3, 0});
    DLManagedTensor* const given = to_host ? to_dlpack_host(stream, tensor) : to_dlpack(tensor);
    EXPECT_EQ(given->dl_tensor.data, nullptr);
    const Tensor back = from_dlpack(context(), given);
    EXPECT_EQ(back.shape(), (Shape{3, 0}));
  }
}

TEST(DlpackExport, KeepsTheMemoryUntilItsDeleterIsCalled) {
  const Stream stream(context());
  const MemoryPool& pool = MemoryPool::of(context());
  const std::size_t before = pool.statistics().in_use;
  DLManagedTensor* given = nullptr;
  {
    const Tensor tensor = Tensor::full(stream, {64}, 7, DType::i32);
    given = to_dlpack(tensor);
  }
  EXPECT_GT(pool.statistics().in_use, before);
  std::vector<int> values(64);
  ASSERT_EQ(
      clEnqueueReadBuffer(stream.get(), static_cast<cl_mem>(given->dl_tensor.data), CL_TRUE,
                          given->dl_tensor.byte_offset, 256, values.data(), 0, nullptr, nullptr),
      CL_SUCCESS);
  EXPECT_EQ(values, std::vector<int>(64, 7));
  give_back(given);
  EXPECT_EQ(pool.statistics().in_use, before);
}

TEST(DlpackExport, RefusesAQueueThatCannotBeOrdered) {
  const Tensor tensor = ints({1, 2});
  const test::NativeQueue elsewhere(test::other_context());
  test::expect_throws<InvalidArgument>([&] { (void)to_dlpack(elsewhere.get(), tensor); },
                                       "[to_dlpack]", "another context", "[2]",
                                       "make the queue in the tensor's context");
  const test::NativeQueue disordered(context(), CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
  test::expect_throws<InvalidArgument>([&] { (void)to_dlpack(disordered.get(), tensor); },
                                       "out-of-order");
}

class DlpackHostExport : public testing::Test {
 protected:
  void SetUp() override {
    if (context().device().type() != DeviceType::cpu) GTEST_SKIP() << "the device is no CPU";
  }
  const Stream stream{context()}, other{context()};
};

TEST_F(DlpackHostExport, ShowsWhatWasWrittenAndBringsBackWhatTheHostWrites) {
  const Buffer buffer = test::buffer_of(std::vector<int>(64, 1));
  const Tensor tensor = Tensor::from_buffer(buffer, {16}, DType::i32, 128);
  test::grow_kernel().launch(other, NDRange({16}), tensor);
  DLManagedTensor* const given = to_dlpack_host(stream, tensor);
  EXPECT_EQ(given->dl_tensor.device.device_type, kDLCPU);
  EXPECT_EQ(given->dl_tensor.byte_offset, 0u);
  int* const data = static_cast<int*>(given->dl_tensor.data);
  EXPECT_EQ(std::vector(data, data + 16), std::vector<int>(16, 3));
  std::fill(data, data + 16, 10);

  // The unmapping is the tensor's latest use, so work on another stream runs after it.
  test::Gate gate(stream);
  give_back(given);
  test::grow_kernel().launch(other, NDRange({16}), tensor);
  EXPECT_TRUE(test::is_held(other.record()));
  gate.release();
  EXPECT_EQ(tensor.to_host<int>(other), std::vector<int>(16, 21));
}

TEST_F(DlpackHostExport, ShowsTheFirstElementOfAView) {
  const Tensor whole = ints({0, 1, 2, 3, 4, 5});
  DLManagedTensor* const given = to_dlpack_host(stream, whole.slice(0, 1, 5).flip(0));
  const int* const first = static_cast<const int*>(given->dl_tensor.data);
  EXPECT_EQ(first[0], 4);
  EXPECT_EQ(first[3 * given->dl_tensor.strides[0]], 1);
  give_back(given);
}

TEST_F(DlpackHostExport, SharesTheTensorsMemory) {
  const Tensor tensor = ints({1, 2, 3});
  DLManagedTensor* const first = to_dlpack_host(stream, tensor);
  DLManagedTensor* const second = to_dlpack_host(other, tensor);
  EXPECT_EQ(first->dl_tensor.data, second->dl_tensor.data);
  give_back(first);
  give_back(second);
}

TEST_F(DlpackHostExport, DeleterUnmapsThoughItsStreamCaptures) {
  const Tensor tensor = ints({1, 2, 3});
  DLManagedTensor* const given = to_dlpack_host(stream, tensor);
  EXPECT_EQ(test::mappings_of(tensor), 1u);
  static_cast<int*>(given->dl_tensor.data)[0] = 10;
  {
    const Capture capture(stream);
    give_back(given);
  }
  EXPECT_EQ(tensor.to_host<int>(other), (std::vector<int>{10, 2, 3}));
  EXPECT_EQ(test::mappings_of(tensor), 0u);
}

TEST_F(DlpackHostExport, DeleterUnmapsThoughItsStreamHasFailed) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  const Tensor tensor = ints({1, 2, 3});
  DLManagedTensor* const given = to_dlpack_host(stream, tensor);
  static_cast<int*>(given->dl_tensor.data)[0] = 10;
  {
    test::Gate gate(stream);
    const Event event = stream.record();
    gate.fail(-5);
    EXPECT_THROW(event.synchronize(), CommandError);
  }
  give_back(given);
  EXPECT_EQ(tensor.to_host<int>(other), (std::vector<int>{10, 2, 3}));
  EXPECT_EQ(test::mappings_of(tensor), 0u);
}

/// Keeps the event of the latest mapping until the end of the scope. PoCL 3.1 aborts when a command
/// fails whose event is gone; on Intel's driver the event keeps the memory.
class KeptMapping {
 public:
  KeptMapping() { is_alive = true; }
  ~KeptMapping() {
    is_alive = false;
    if (latest != nullptr) clReleaseEvent(latest.exchange(nullptr));
  }
  KeptMapping(const KeptMapping&) = delete;
  KeptMapping& operator=(const KeptMapping&) = delete;

  static inline std::atomic<bool> is_alive{false};
  static inline std::atomic<cl_event> latest{nullptr};
};

TEST_F(DlpackHostExport, LeavesNothingMappedWhenWhatItWaitsForFails) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  const Tensor tensor = ints({1, 2, 3});
  const KeptMapping kept;
  test::Gate gate(stream);
  std::thread mapping(
      [&] { EXPECT_THROW(static_cast<void>(to_dlpack_host(stream, tensor)), CommandError); });
  while (KeptMapping::latest == nullptr) std::this_thread::yield();
  gate.fail(-5);
  mapping.join();
  EXPECT_EQ(test::mappings_of(tensor), 0u);
  stream.reset();
  EXPECT_EQ(tensor.to_host<int>(other), (std::vector<int>{1, 2, 3}));
}

TEST_F(DlpackHostExport, RefusesAStreamOfAnotherContext) {
  const Stream elsewhere(test::other_context());
  test::expect_throws<InvalidArgument>([&] { (void)to_dlpack_host(elsewhere, ints({1})); },
                                       "[to_dlpack_host]", "another context");
}

TEST(DlpackHostExportOnGpu, ThrowsWithTheRemedy) {
  if (context().device().type() == DeviceType::cpu) GTEST_SKIP() << "the device is a CPU";
  const Stream stream(context());
  test::expect_throws<InvalidArgument>([&] { (void)to_dlpack_host(stream, ints({1})); },
                                       "[to_dlpack_host]", context().device().name(), "to_host");
}

}  // namespace

// The program's own entry point precedes OpenCL's, also for its shared libraries.
extern "C" __attribute__((visibility("default"))) void* CL_API_CALL clEnqueueMapBuffer(
    cl_command_queue queue, cl_mem memory, cl_bool blocking, cl_map_flags flags, std::size_t offset,
    std::size_t size, cl_uint wait_count, const cl_event* waits, cl_event* event, cl_int* status) {
  static auto* const next =
      reinterpret_cast<decltype(::clEnqueueMapBuffer)*>(::dlsym(RTLD_NEXT, "clEnqueueMapBuffer"));
  void* const pointer =
      next(queue, memory, blocking, flags, offset, size, wait_count, waits, event, status);
  if (KeptMapping::is_alive && pointer != nullptr && event != nullptr) {
    clRetainEvent(*event);
    if (cl_event const earlier = KeptMapping::latest.exchange(*event)) clReleaseEvent(earlier);
  }
  return pointer;
}

}  // namespace dovetail

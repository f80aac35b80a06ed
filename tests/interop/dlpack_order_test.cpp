// SPDX-License-Identifier: Apache-2.0
// The order that DLPack's queue argument establishes between Dovetail and another framework.
#include <dlpack/dlpack.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "dovetail/interop/dlpack.hpp"
#include "tests/interop/foreign_tensor.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/layer_test.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using interop::from_dlpack;
using interop::to_dlpack;
using test::context;
using test::one_wait;
using test::order_calls_during;
using test::OrderCalls;

constexpr std::size_t count = 64;

/// Throws an int from submit() while it holds work back.
class ThrowingPeer : public Peer {
 public:
  std::string_view name() const noexcept override { return "throwing"; }
  PeerFrontiers frontiers() const noexcept override { return {.recorded = recorded}; }
  void submit() override { throw 42; }

  std::atomic<std::uint64_t> recorded{0};
};

class DlpackOrder : public test::LayerTest {
 protected:
  void set(const Stream& on, int value) {
    test::set_kernel().launch(on, NDRange({count}), writes(tensor), value);
  }
  void copy(const Stream& on) {
    test::copy_kernel().launch(on, NDRange({count}), reads(tensor), writes(out));
  }
  /// Enqueues the framework's own work, out = the tensor, on its queue.
  void foreign_copy(const DLManagedTensor& given, cl_command_queue queue) {
    ASSERT_EQ(clEnqueueCopyBuffer(queue, static_cast<cl_mem>(given.dl_tensor.data),
                                  detail::handle_of(out).memory, given.dl_tensor.byte_offset, 0,
                                  count * sizeof(int), 0, nullptr, nullptr),
              CL_SUCCESS);
  }
  /// Expects that `give` blocks while a writer of the tensor is held on another stream, in one
  /// wait.
  template <typename Give>
  void expect_host_wait(Give give) {
    test::Gate gate(stream);
    set(stream, 2);
    std::atomic<bool> is_back{false};
    const std::uint64_t events = test::totals().wait_list_events;
    const OrderCalls calls = order_calls_during([&] {
      std::thread consumer([&] {
        give();
        is_back = true;
      });
      while (test::totals().wait_list_events == events && !is_back) std::this_thread::yield();
      EXPECT_FALSE(is_back);
      gate.release();
      consumer.join();
    });
    EXPECT_EQ(calls.barriers, 1u);
    EXPECT_EQ(calls.host_waits, 1u);
    EXPECT_EQ(test::contents(data), all(2));
  }
  std::vector<int> all(int value) const { return std::vector<int>(count, value); }

  const Buffer data = test::buffer_of(std::vector<int>(count, 1));
  const Buffer out = test::buffer_of(std::vector<int>(count, -1));
  const Tensor tensor = Tensor::from_buffer(data, {count}, DType::i32);
  const test::NativeQueue native{context()};
  const Stream stream{context()}, third{context()};
};

TEST_F(DlpackOrder, OrdersTheConsumerAfterTheProducerWithoutTheHost) {
  test::Gate gate(stream);
  set(stream, 2);
  DLManagedTensor* given = nullptr;
  EXPECT_EQ(order_calls_during([&] { given = to_dlpack(tensor, native.get()); }), one_wait);
  foreign_copy(*given, native.get());
  EXPECT_TRUE(test::is_held(Stream::retain(context(), native.get()).record()));
  gate.release();
  clFinish(native.get());
  EXPECT_EQ(test::contents(out), all(2));
  given->deleter(given);
}

TEST_F(DlpackOrder, NeedsNothingOnOneQueue) {
  const Stream shared = Stream::retain(context(), native.get());
  test::Gate gate(shared);
  set(shared, 2);
  DLManagedTensor* given = nullptr;
  EXPECT_EQ(order_calls_during([&] { given = to_dlpack(tensor, native.get()); }), OrderCalls{});
  foreign_copy(*given, native.get());
  gate.release();
  clFinish(native.get());
  EXPECT_EQ(test::contents(out), all(2));
  given->deleter(given);
}

TEST_F(DlpackOrder, WaitsOnTheHostWithoutAQueue) {
  DLManagedTensor* given = nullptr;
  expect_host_wait([&] { given = to_dlpack(tensor); });
  given->deleter(given);
}

TEST_F(DlpackOrder, WaitsOnTheHostToShowItTheMemory) {
  if (context().device().type() != DeviceType::cpu) GTEST_SKIP() << "the device is no CPU";
  DLManagedTensor* given = nullptr;
  expect_host_wait([&] { given = interop::to_dlpack_host(third, tensor); });
  given->deleter(given);
}

TEST_F(DlpackOrder, OrdersOurWorkAfterWhatTheConsumerWrote) {
  DLManagedTensor* const given = to_dlpack(tensor, native.get());
  for (int value = 3; value < 5; ++value) {
    test::Gate gate(Stream::retain(context(), native.get()));
    test::raw_set(native.get(), tensor.storage(), value);
    EXPECT_EQ(order_calls_during([&] { copy(third); }), one_wait);
    EXPECT_TRUE(test::is_held(third.record()));
    gate.release();
    third.synchronize();
    EXPECT_EQ(test::contents(out), all(value));
  }
  given->deleter(given);
}

TEST_F(DlpackOrder, OrdersOurWorkAfterTheConsumerOnceItIsDeleted) {
  DLManagedTensor* const given = to_dlpack(tensor, native.get());
  const cl_uint kept = test::references(native.get());
  test::Gate gate(Stream::retain(context(), native.get()));
  test::raw_set(native.get(), tensor.storage(), 3);
  given->deleter(given);
  copy(third);
  EXPECT_TRUE(test::is_held(third.record()));
  gate.release();
  third.synchronize();
  EXPECT_EQ(test::contents(out), all(3));
  EXPECT_GT(kept, 1u);
}

TEST_F(DlpackOrder, SeesAConsumerOnAQueueOfOurs) {
  DLManagedTensor* const given = to_dlpack(tensor, stream.get());
  test::Gate gate(stream);
  test::raw_set(stream.get(), tensor.storage(), 3);
  EXPECT_EQ(order_calls_during([&] { copy(third); }), one_wait);
  test::raw_set(stream.get(), tensor.storage(), 4);
  EXPECT_EQ(order_calls_during([&] { copy(third); }), one_wait);
  EXPECT_TRUE(test::is_held(third.record()));
  gate.release();
  third.synchronize();
  EXPECT_EQ(test::contents(out), all(4));
  given->deleter(given);
}

TEST_F(DlpackOrder, OrdersOurWorkAfterTheQueueOfAnImport) {
  test::ForeignTensor foreign(data.get(), {count});
  test::Gate gate(Stream::retain(context(), native.get()));
  test::raw_set(native.get(), tensor.storage(), 6);
  {
    std::optional<Tensor> taken;
    EXPECT_EQ(order_calls_during([&] {
                taken = from_dlpack(context(), &foreign.managed, {.queue = native.get()});
              }),
              OrderCalls{});
    EXPECT_EQ(order_calls_during([&] { copy(third); }), one_wait);
    EXPECT_TRUE(test::is_held(third.record()));
  }
  EXPECT_EQ(foreign.deletions(), 0);
  gate.release();
  third.synchronize();
  EXPECT_EQ(test::contents(out), all(6));
  static_cast<void>(foreign.deleted_by());
}

TEST_F(DlpackOrder, ImportReturnsOnceItsPeerStopsThrowing) {
  const Stream shared = Stream::retain(context(), native.get());
  const auto peer = std::make_shared<ThrowingPeer>();
  test::ForeignTensor foreign(data.get(), {count});
  {
    const Tensor taken = from_dlpack(context(), &foreign.managed, {.queue = native.get()});
    shared.attach(peer);
    peer->recorded = 1;
    testing::internal::CaptureStderr();
  }
  test::expect_parts(testing::internal::GetCapturedStderr(),
                     "goes back to its DLPack producer later", "an exception of another type");
  EXPECT_TRUE(test::is_kept(foreign));
  peer->recorded = 0;
  static_cast<void>(foreign.deleted_by());
}

TEST_F(DlpackOrder, GoneBorrowedQueueKeepsItsImport) {
  std::optional<Stream> borrowed(Stream::borrow(context(), native.get()));
  test::ForeignTensor foreign(data.get(), {count});
  std::optional<Tensor> taken = from_dlpack(context(), &foreign.managed);
  test::Gate gate(*borrowed);
  test::set_kernel().launch(*borrowed, NDRange({count}), writes(*taken), 5);
  const Point point = borrowed->point();
  borrowed.reset();
  testing::internal::CaptureStderr();
  taken.reset();
  test::expect_parts(testing::internal::GetCapturedStderr(), "Stream::declare_done");
  EXPECT_TRUE(test::is_kept(foreign));
  gate.release();
  ASSERT_EQ(clFinish(native.get()), CL_SUCCESS);
  EXPECT_TRUE(test::is_kept(foreign));
  Stream::declare_done(point);
  static_cast<void>(foreign.deleted_by());
}

TEST_F(DlpackOrder, TakesAnImportWithoutAQueueAsReady) {
  test::ForeignTensor foreign(data.get(), {count});
  std::optional<Tensor> taken;
  EXPECT_EQ(order_calls_during([&] { taken = from_dlpack(context(), &foreign.managed); }),
            OrderCalls{});
  EXPECT_EQ(order_calls_during([&] { copy(third); }), OrderCalls{});
  third.synchronize();
}

TEST_F(DlpackOrder, OrdersBothWaysBetweenTwoTensorsWithoutTheHost) {
  test::Gate gate(stream);
  set(stream, 2);
  test::ForeignTensor between(data.get(), {count});
  DLManagedTensor* given = nullptr;
  const OrderCalls calls = order_calls_during([&] {
    given = to_dlpack(tensor, third.get());
    between.managed.dl_tensor = given->dl_tensor;
    const Tensor taken = from_dlpack(context(), &between.managed, {.queue = third.get()});
    test::grow_kernel().launch(third, NDRange({count}), taken);
  });
  EXPECT_EQ(calls.host_waits, 0u);
  test::grow_kernel().launch(stream, NDRange({count}), tensor);
  EXPECT_TRUE(test::is_held(stream.record()));
  EXPECT_EQ(between.deletions(), 0);
  gate.release();
  EXPECT_EQ(tensor.to_host<int>(stream), all(11));
  static_cast<void>(between.deleted_by());
  given->deleter(given);
}

}  // namespace
}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// What happens to work when the last handle to its stream goes.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "dovetail/core/error.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/oracles/model_peer.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;

class StreamEnd : public testing::Test {
 protected:
  /// The word becomes word * 31 + c.
  void update(const Stream& stream, cl_uint c) {
    const cl_uint zero = 0, one = 1;
    kernel_.tracked().launch(stream, NDRange({1}, {1}), reads(tag_), updates(word_), zero,
                             reads(word_), zero, one, c, zero);
  }

  test::StepKernel kernel_{context()};
  cl_uint start_ = 1;
  Buffer word_{context(), sizeof(cl_uint), &start_};
  Buffer tag_{context(), 1};
  test::NativeQueue queue_{context()};
};

TEST_F(StreamEnd, KeepsWhatAPeerHoldsBackInOrder) {
  const auto peer = std::make_shared<test::ModelPeer>(kernel_, queue_.get());
  {
    const Stream stream = Stream::retain(context(), queue_.get());
    stream.attach(peer);
    update(stream, 3);
    stream.synchronize();  // all that Dovetail was given is known to be done
    peer->record(word_, {.count = 1, .c = 5});
  }
  const Stream next(context());
  update(next, 7);
  const auto result = Tensor::from_buffer(word_, {1}, DType::i32).to_host<std::int32_t>(next);
  EXPECT_EQ(result[0], ((1 * 31 + 3) * 31 + 5) * 31 + 7);
}

TEST_F(StreamEnd, GoneBorrowedQueuesPointsThrow) {
  std::optional<Stream> borrowed = Stream::borrow(context(), queue_.get(), {.exclusive = true});
  const Stream held(context());
  test::Gate gate(held);
  cl_event behind_gate = nullptr;
  ASSERT_EQ(clEnqueueMarkerWithWaitList(held.get(), 0, nullptr, &behind_gate), CL_SUCCESS);
  ASSERT_EQ(clEnqueueBarrierWithWaitList(queue_.get(), 1, &behind_gate, nullptr), CL_SUCCESS);
  clReleaseEvent(behind_gate);
  update(*borrowed, 3);
  const Point point = borrowed->point();
  borrowed.reset();
  const Stream next(context());
  test::expect_throws<Error>([&] { next.wait(point); }, "[Stream]", "a borrowed queue",
                             "the last handle to that stream is gone");
  gate.release();
  ASSERT_EQ(clFinish(queue_.get()), CL_SUCCESS);
}

}  // namespace
}  // namespace dovetail

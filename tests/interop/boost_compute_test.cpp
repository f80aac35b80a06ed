// SPDX-License-Identifier: Apache-2.0
// Boost.Compute's algorithms on a queue and on memory that it shares with Dovetail.
#include <gtest/gtest.h>

#include <boost/compute/algorithm/reduce.hpp>
#include <boost/compute/algorithm/sort.hpp>
#include <boost/compute/algorithm/transform.hpp>
#include <boost/compute/command_queue.hpp>
#include <boost/compute/container/vector.hpp>
#include <boost/compute/context.hpp>
#include <boost/compute/iterator/buffer_iterator.hpp>
#include <boost/compute/lambda.hpp>
#include <numeric>

#include "dovetail/ops/elementwise.hpp"
#include "tests/interop/held_queue.hpp"

namespace dovetail {
namespace {

namespace compute = boost::compute;
using compute::lambda::_1;
using test::context;

constexpr std::size_t count = 1024;

/// Boost.Compute's view of a tensor's memory; it keeps a reference.
struct Elements {
  explicit Elements(const Tensor& tensor)
      : buffer(tensor.storage().buffer.lend()),
        begin(buffer, tensor.storage().offset / sizeof(float)),
        end(begin + tensor.size()) {}
  compute::buffer buffer;
  compute::buffer_iterator<float> begin, end;
};

class BoostCompute : public test::HeldQueueTest {};

TEST_F(BoostCompute, TransformsBetweenOurOperationsOnOurQueue) {
  const Stream stream(context());
  compute::command_queue queue(stream.get());
  const Tensor x = floats(counting(count));
  const Elements elements(x);
  expect_held(stream, [&] {
    multiply_add(stream, x, 1, 1);
    compute::transform(elements.begin, elements.end, elements.begin, _1 * 3.0f, queue);
    multiply_add(stream, x, 1, 0.5f);
  });
  EXPECT_EQ(x.to_host<float>(stream),
            mapped(counting(count), [](float i) { return 3 * (i + 1) + 0.5f; }));
}

TEST_F(BoostCompute, ReducesAndSortsBetweenOurOperationsOnOurQueue) {
  if (context().device().type() != DeviceType::cpu) {
    GTEST_SKIP() << "on GPUs one of the two waits on the host, which cannot end while this holds";
  }
  const Stream stream(context());
  compute::command_queue queue(stream.get());
  const Tensor x = floats(counting(count)), sum = Tensor::zeros(stream, {1});
  const Elements elements(x), sum_elements(sum);
  expect_held(stream, [&] {
    multiply_add(stream, x, -1, 2);  // falls
    compute::sort(elements.begin, elements.end, queue);
    compute::reduce(elements.begin, elements.end, sum_elements.begin, compute::plus<float>(),
                    queue);
    multiply_add(stream, sum, 2, 0);
    multiply_add(stream, x, 10, 0);
  });
  std::vector<float> expected = mapped(counting(count), [](float i) { return (2 - i) * 10; });
  std::reverse(expected.begin(), expected.end());
  EXPECT_EQ(x.to_host<float>(stream), expected);
  EXPECT_EQ(sum.to_host<float>(stream).at(0),
            std::accumulate(expected.begin(), expected.end(), 0.0f) / 5);
}

TEST_F(BoostCompute, LeavesTheQueueAndTheMemoryToUs) {
  const Stream stream(context());
  const Tensor x = floats(counting(count));
  const cl_uint before = test::references(stream.get());
  {
    const compute::command_queue queue(stream.get());
    const Elements elements(x);
    EXPECT_EQ(test::references(stream.get()), before + 1);
  }
  EXPECT_EQ(test::references(stream.get()), before);
  multiply_add(stream, x, 1, 1);
  EXPECT_EQ(x.to_host<float>(stream).at(0), 1);
}

TEST_F(BoostCompute, HasItsOwnQueueAndVectorAdoptedByUs) {
  const compute::context theirs(compute::device(context().device().get()));
  compute::command_queue queue(theirs, theirs.get_device());
  const std::vector<float> values = counting(count);
  compute::vector<float> elements(values.begin(), values.end(), queue);

  const auto ours = Context::retain(theirs.get(), context().device());
  const Stream stream = Stream::retain(ours, queue.get());
  const Tensor x = Tensor::from_buffer(Buffer::retain(ours, elements.get_buffer().get()), {count});
  expect_held(stream, [&] {
    compute::transform(elements.begin(), elements.end(), elements.begin(), _1 - 5.0f, queue);
    unary_into(stream, UnaryOperation::relu, x, x);
    compute::transform(elements.begin(), elements.end(), elements.begin(), _1 * 3.0f, queue);
  });
  std::vector<float> result(count);
  compute::copy(elements.begin(), elements.end(), result.begin(), queue);
  EXPECT_EQ(result, mapped(counting(count), [](float i) { return 3 * std::max(i - 5, 0.0f); }));

  // Towards a second stream of ours, what Boost.Compute enqueued is waited for as well.
  const Stream second(ours);
  test::Gate gate(stream);
  compute::transform(elements.begin(), elements.end(), elements.begin(), _1 * 0.0f, queue);
  const Tensor later = unary(second, UnaryOperation::negate, x);
  EXPECT_TRUE(test::is_held(second.record()));
  gate.release();
  EXPECT_EQ(later.to_host<float>(second), std::vector<float>(count, -0.0f));
}

}  // namespace
}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// Shows: an algorithm of Boost.Compute between two operations of Dovetail, on Dovetail's stream and
// tensor; then the other way round, Dovetail between two algorithms on Boost.Compute's own queue
// and vector. Nothing is copied, and the queue's order stands in for synchronisation. Prints: the
// first elements of both results, which are the squares of 9, 8, 7, ... in rising order.
#include <boost/compute/algorithm/copy.hpp>
#include <boost/compute/algorithm/sort.hpp>
#include <boost/compute/container/vector.hpp>
#include <boost/compute/context.hpp>
#include <boost/compute/iterator/buffer_iterator.hpp>
#include <cstdio>
#include <exception>
#include <vector>

#include "dovetail/dovetail.hpp"

namespace compute = boost::compute;

const std::vector<float> values{-9, -8, -7, -6, -5, -4, -3, -2, -1, 0};
constexpr std::int64_t size = 10;

/// Boost.Compute on Dovetail's stream and tensor.
std::vector<float> lend() {
  const dovetail::Stream stream;
  const auto x = dovetail::Tensor::from_host<float>(stream.context(), values, {size});
  const dovetail::Tensor squares = dovetail::multiply(stream, x, x);

  compute::command_queue queue(stream.get());  // retains it
  const compute::buffer memory(squares.storage().buffer.lend());
  const compute::buffer_iterator<float> begin(memory, squares.storage().offset / sizeof(float));
  compute::sort(begin, begin + size, queue);

  return dovetail::relu(stream, squares).to_host<float>(stream);  // waits
}

/// Dovetail on Boost.Compute's queue and vector.
std::vector<float> borrow() {
  const dovetail::Device device = dovetail::Device::default_device();
  const compute::context theirs{compute::device(device.get())};
  compute::command_queue queue(theirs, theirs.get_device());
  compute::vector<float> elements(values.begin(), values.end(), queue);

  const auto context = dovetail::Context::retain(theirs.get(), device);
  const auto stream = dovetail::Stream::retain(context, queue.get());
  const auto memory = dovetail::Buffer::retain(context, elements.get_buffer().get());
  const auto x = dovetail::Tensor::from_buffer(memory, {size});
  dovetail::binary_into(stream, dovetail::BinaryOperation::multiply, x, x, x);

  compute::sort(elements.begin(), elements.end(), queue);
  std::vector<float> result(size);
  compute::copy(elements.begin(), elements.end(), result.begin(), queue);  // waits
  return result;
}

int main() try {
  bool is_right = true;
  for (const std::vector<float>& result : {lend(), borrow()}) {
    std::printf("%g %g %g ... %g\n", result[0], result[1], result[2], result[9]);
    for (std::size_t i = 0; i < result.size(); ++i) {
      is_right = is_right && result[i] == static_cast<float>(i * i);
    }
  }
  return is_right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

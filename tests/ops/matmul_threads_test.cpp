// SPDX-License-Identifier: Apache-2.0
// matmul from many threads.
#include <gtest/gtest.h>

#include "dovetail/ops/matmul.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/matmul_backends.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using test::context;
using test::Product;
using test::random_values;

class MatmulThreads : public test::MatmulTest {
 protected:
  /// Multiplies `times` times matrices that are `thread`'s own, and checks each result.
  void multiply(const Stream& stream, const Product& product, int thread, int times) {
    const auto seed = static_cast<std::uint32_t>(100 + 2 * thread);
    const auto a = random_values(product.a_size(), seed);
    const auto b = random_values(product.b_size(), seed + 1);
    const Tensor a_device = Tensor::from_host<float>(context(), a, a_shape(product));
    const Tensor b_device = Tensor::from_host<float>(context(), b, b_shape(product));
    std::vector<Tensor> results;
    for (int i = 0; i < times; ++i) {
      results.push_back(matmul(stream, a_device, b_device, options()));
    }
    const auto first = results.front().to_host<float>(stream);
    test::expect_product(product, a, b, first);
    for (const Tensor& result : results) {
      ASSERT_EQ(result.to_host<float>(stream), first) << "thread " << thread;
    }
  }
};
DOVETAIL_FOR_EACH_BACKEND(MatmulThreads);

TEST_P(MatmulThreads, GetTheirOwnResultsOnOneSharedStream) {
  const Stream shared(context());
  test::on_threads(8,
                   [&](int thread) { multiply(shared, {.m = 40, .n = 48, .k = 56}, thread, 20); });
}

TEST_P(MatmulThreads, GetTheirOwnResultsWithWorkspacesOnOneSharedStream) {
  // So large that the vendor packs its operands into a workspace; odd, so that it pads them too.
  const Stream shared(context());
  test::on_threads(
      8, [&](int thread) { multiply(shared, {.m = 201, .n = 199, .k = 203}, thread, 20); });
}

TEST_P(MatmulThreads, GetTheirOwnResultsOnTheirOwnStreams) {
  test::on_threads(8, [&](int thread) {
    multiply(Stream(context()), {.m = 33, .n = 65, .k = 17}, thread, 10);
    multiply(Stream(context()), {.m = 33, .n = 15, .k = 17, .batch = 3}, thread, 10);
  });
}

TEST_P(MatmulThreads, MakeTheProcesssFirstCallTogether) {
  if (test::in_child()) {
    test::on_threads(8, [&](int thread) {
      const Product single{.m = 31, .n = 29, .k = 37};
      const Product batch{.m = 31, .n = 29, .k = 37, .batch = 2};
      multiply(Stream(context()), thread % 2 == 0 ? single : batch, thread, 1);
    });
    return;
  }
  for (int i = 0; i < 10; ++i) {  // a crash at first use shows in a few of a hundred runs
    const auto child = test::run_again_in_child();
    ASSERT_TRUE(child.passed) << "run " << i << "\n" << child.output;
  }
}

}  // namespace
}  // namespace dovetail

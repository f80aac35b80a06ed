// SPDX-License-Identifier: Apache-2.0
// Order holds when many threads share streams and hand memory to each other.
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <numeric>
#include <optional>
#include <vector>

#include "dovetail/stream/stream_pool.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/oracles/model_program.hpp"
#include "tests/oracles/model_world.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using test::context;

constexpr int thread_count = 16, operations = 1000;
constexpr std::int64_t size = 64;
constexpr std::size_t counter_count = 6;

/// out[i] = out[i] + in[i] * factor: work that is lost or repeated changes the sum.
Kernel add_kernel() {
  return test::kernel_from(
      "kernel void add_product(global int* out, global const int* in, int factor, int count) {\n"
      "  for (int i = 0; i < count; ++i) out[i] += in[i] * factor;\n"
      "}\n",
      "add_product");
}

/// Passes tensors from one thread to another while work on them may be in flight.
class Mailbox {
 public:
  void put(Tensor tensor, int value) {
    const std::scoped_lock lock(mutex_);
    items_.push_back({std::move(tensor), value});
  }
  std::optional<std::pair<Tensor, int>> take() {
    const std::scoped_lock lock(mutex_);
    if (items_.empty()) return std::nullopt;
    auto item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

 private:
  std::mutex mutex_;
  std::deque<std::pair<Tensor, int>> items_;
};

class OrderThreads : public testing::Test {
 protected:
  OrderThreads() {
    for (std::size_t i = 0; i < counter_count; ++i) {
      counters_.push_back(Tensor::zeros(shared_.front(), {size}, DType::i32));
    }
  }

  void work(int index) {
    test::Dice dice(static_cast<std::uint64_t>(index) + 1);
    Stream own(context());
    for (int i = 0; i < operations; ++i) {
      const std::size_t choice = dice.below(100);
      const Stream stream = choice < 40 ? dice.of(shared_) : choice < 70 ? pool_.get() : own;
      if (dice.chance(2)) own = Stream(context());  // the work of the one before goes on
      const int value = 1 + static_cast<int>(dice.below(100));
      switch (dice.below(5)) {
        case 0:
          mailbox_.put(Tensor::full(stream, {size}, value, DType::i32), value);
          break;
        case 1:
        case 2:
          if (auto item = mailbox_.take()) add(stream, dice, item->first, item->second);
          break;
        case 3:
          add(stream, dice, ones_, 1);
          break;
        default:
          look(stream, dice);
      }
    }
  }

  std::int64_t total(const Stream& stream) const {
    std::int64_t sum = 0;
    for (const Tensor& counter : counters_) {
      const auto values = counter.to_host<std::int32_t>(stream);
      EXPECT_EQ(values, std::vector<std::int32_t>(size, values[0]));
      sum += values[0];
    }
    return sum;
  }

  std::atomic<std::int64_t> expected_{0};

 private:
  void add(const Stream& stream, test::Dice& dice, const Tensor& in, int value) {
    const int factor = 1 + static_cast<int>(dice.below(3));
    const Tensor& counter = dice.of(counters_);
    kernel_.launch(stream, NDRange({1}, {1}), counter, in, factor, static_cast<int>(size));
    expected_ += std::int64_t{factor} * value;
  }

  /// Checks that all words of a counter are equal, as they are between any two commands.
  void look(const Stream& stream, test::Dice& dice) {
    if (dice.chance(70)) return stream.flush();
    const auto values = dice.of(counters_).to_host<std::int32_t>(stream);
    EXPECT_EQ(values, std::vector<std::int32_t>(size, values[0]));
  }

  std::vector<Stream> shared_{Stream(context()), Stream(context()), Stream(context())};
  StreamPool pool_{context(), {.size = 5}};
  std::vector<Tensor> counters_;
  Kernel kernel_ = add_kernel();
  Tensor ones_ = Tensor::full(shared_.front(), {size}, 1, DType::i32);
  Mailbox mailbox_;
};

TEST_F(OrderThreads, LoseNothingWhenTheyHandTensorsOver) {
  OrderRecorder recorder;
  test::on_threads(thread_count, [&](int index) { work(index); });
  EXPECT_EQ(total(Stream(context())), expected_);
  const auto check = test::check_order(recorder.take());
  EXPECT_EQ(check.violation_count, 0u) << check.str();
  EXPECT_GT(check.figures.commands, static_cast<std::uint64_t>(thread_count * operations / 2));
  EXPECT_GT(check.figures.waited, 0u);
  EXPECT_LE(10 * check.figures.needless, check.figures.waited);
}

TEST(OrderModelThreads, GiveTheResultsOfTheOrderInTheRecord) {
  const test::StepKernel kernel(context());
  const auto result = run_model_program(
      kernel, context(), {.seed = 7, .threads = thread_count, .actions = operations});
  EXPECT_EQ(result.failure, "");
  EXPECT_GT(result.figures.commands, static_cast<std::uint64_t>(thread_count * operations / 2));
}

}  // namespace
}  // namespace dovetail

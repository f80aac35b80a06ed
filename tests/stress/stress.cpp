// SPDX-License-Identifier: Apache-2.0
// Random programs for as long as one likes: results, hangs, leaks.
//
// DOVETAIL_STRESS_SECONDS=<n>  how long, 600 if not set
// DOVETAIL_TEST_SEED=<n>       the first program's seed; else one that is new each time
// OPENCL_LAYERS=<path>/libDovetailLayer.so, without which OpenCL's objects are not counted
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "dovetail/stream/current_stream.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/stress/object_balance.hpp"
#include "tests/stress/watchdog.hpp"
#include "tests/support/model_program.hpp"
#include "tests/support/model_thread.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t variable(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value != nullptr ? std::stoull(value) : otherwise;
}

double resident_mib() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/// Threads that come and go, each with work on its current stream.
class ShortLivedThreads {
 public:
  void run(test::Dice& dice) {
    constexpr int count = 6;
    std::array<int, count> values{};
    for (int& value : values) value = static_cast<int>(dice.below(1000));
    test::on_threads(count, [&](int index) {
      const int value = values[static_cast<std::size_t>(index)];
      const Stream stream = current_stream();
      {
        const std::scoped_lock lock(mutex_);
        pooled_.insert(stream.id());
      }
      const Tensor tensor = Tensor::full(stream, {100}, value, DType::i32);
      const Stream other(stream.context());
      const StreamGuard guard(other);
      if (tensor.to_host<std::int32_t>(current_stream()) != std::vector<std::int32_t>(100, value)) {
        throw std::runtime_error("a tensor that was filled with " + std::to_string(value) +
                                 " on one stream was something else on another");
      }
      test::ModelThread::progress.fetch_add(1, std::memory_order_relaxed);
    });
  }

  /// Streams that the default pool has made, and keeps.
  std::size_t pooled() const { return pooled_.size(); }

 private:
  std::mutex mutex_;
  std::set<std::uint64_t> pooled_;
};

struct Outcome {
  std::uint64_t programs = 0;
  test::OrderFigures figures;
  std::vector<double> resident;  // one each second
  std::size_t pooled_streams = 0;
};

test::ModelOptions options_of(std::uint64_t seed) {
  test::ModelOptions options = test::ModelOptions::of_seed(seed);
  test::Dice dice(seed);
  if (dice.chance(20)) options.threads = 8 + static_cast<int>(dice.below(9));
  if (dice.chance(20)) options.actions = 300;
  return options;
}

Outcome run(std::uint64_t seed, std::chrono::seconds length) {
  const Context context(Device::default_device());
  const test::StepKernel kernel(context);
  ShortLivedThreads short_lived;
  Outcome outcome;
  test::Dice dice(seed);
  const auto start = Clock::now();
  auto second = start, report = start;
  while (Clock::now() - start < length) {
    const std::uint64_t own_seed = seed + outcome.programs;
    const auto result = run_model_program(kernel, context, options_of(own_seed));
    if (!result.failure.empty()) {
      throw std::runtime_error(result.failure +
                               "Again: DOVETAIL_TEST_SEED=" + std::to_string(own_seed));
    }
    outcome.figures += result.figures;
    ++outcome.programs;
    if (dice.chance(10)) short_lived.run(dice);
    for (; second <= Clock::now(); second += std::chrono::seconds(1)) {
      outcome.resident.push_back(resident_mib());
    }
    if (Clock::now() - report >= std::chrono::seconds(10)) {
      report = Clock::now();
      std::printf("%5lld s: %llu programs, %llu commands, %llu waits, %.1f MiB\n",
                  static_cast<long long>(
                      std::chrono::duration_cast<std::chrono::seconds>(report - start).count()),
                  static_cast<unsigned long long>(outcome.programs),
                  static_cast<unsigned long long>(outcome.figures.commands),
                  static_cast<unsigned long long>(outcome.figures.waited), resident_mib());
      std::fflush(stdout);
    }
  }
  outcome.pooled_streams = short_lived.pooled();
  return outcome;
}

/// The mean of a quarter of the samples, counted from 0.
double quarter(const std::vector<double>& samples, std::size_t which) {
  const std::size_t length = samples.size() / 4;
  const auto first = samples.begin() + static_cast<std::ptrdiff_t>(which * length);
  return std::accumulate(first, first + static_cast<std::ptrdiff_t>(length), 0.0) /
         static_cast<double>(length);
}

bool is_steady(const std::vector<double>& resident) {
  if (resident.size() < 40) return true;  // too short to tell
  const double early = quarter(resident, 1), late = quarter(resident, 3);
  std::printf("memory: %.1f MiB in the second quarter, %.1f in the last\n", early, late);
  return late < early * 1.05 + 2.0;
}

bool has_let_go(const test::Calls& calls, const Outcome& outcome) {
  const test::ObjectBalance balance(calls, test::StepKernel::kernel_count);
  std::printf("OpenCL objects held: %s; the default pool keeps %zu queues and its context\n",
              balance.str().c_str(), outcome.pooled_streams);
  const auto pooled = static_cast<std::int64_t>(outcome.pooled_streams);
  return balance.queues == pooled && balance.contexts == (pooled != 0 ? 1 : 0) &&
         balance.buffers == 0 && balance.events == 0 && balance.kernels == 0 &&
         balance.programs == 0;
}

int stress() {
  const std::uint64_t seed = variable("DOVETAIL_TEST_SEED", std::random_device()());
  const std::chrono::seconds length(variable("DOVETAIL_STRESS_SECONDS", 600));
  std::printf("DOVETAIL_TEST_SEED=%llu for %lld s\n", static_cast<unsigned long long>(seed),
              static_cast<long long>(length.count()));
  const test::Watchdog watchdog(test::ModelThread::progress, std::chrono::seconds(60));
  Outcome outcome;
  const test::Calls calls = test::calls_during([&] { outcome = run(seed, length); });
  bool is_good = is_steady(outcome.resident);
  if (!is_good) std::printf("FAILED: memory grows\n");
  if (!test::layer_is_active()) {
    std::printf("the counting layer is not loaded: objects are not counted\n");
    if (std::getenv("OPENCL_LAYERS") != nullptr) is_good = false;
  } else if (!has_let_go(calls, outcome)) {
    std::printf("FAILED: objects are held that should not be, or were let go of twice\n");
    is_good = false;
  }
  return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace dovetail

int main() {
  try {
    return dovetail::stress();
  } catch (const std::exception& error) {
    std::printf("FAILED: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

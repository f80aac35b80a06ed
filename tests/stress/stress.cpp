// SPDX-License-Identifier: Apache-2.0
// Runs random programs for a given time and looks for wrong results, hangs and leaks.
//
// DOVETAIL_STRESS_SECONDS=<n>  how long, 600 if not set
// DOVETAIL_TEST_SEED=<n>       the first program's seed; else one that is new each time
// OPENCL_LAYERS=<path>/libDovetailLayer.so, without which OpenCL's objects are not counted
#include <malloc.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dovetail/stream/current_stream.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/oracles/model_program.hpp"
#include "tests/oracles/model_thread.hpp"
#include "tests/stress/watchdog.hpp"
#include "tests/support/object_balance.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t variable(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value != nullptr ? std::stoull(value) : otherwise;
}

struct Memory {
  double resident = 0;  ///< In MiB; what the allocator keeps for later is in it.
  double in_use = 0;    ///< Given out by the allocator; 0 where it does not tell.

  static Memory now() {
    Memory memory;
#ifdef __GLIBC__
    ::malloc_trim(0);
    const struct mallinfo2 info = ::mallinfo2();
    memory.in_use = static_cast<double>(info.uordblks + info.hblkhd) / (1 << 20);
#endif
    std::ifstream file("/proc/self/statm");
    double total = 0, pages = 0;
    file >> total >> pages;
    memory.resident = pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
    return memory;
  }
};

/// Starts and ends threads that each do work on their current stream.
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

  /// Returns how many streams the default pool has made and keeps.
  std::size_t pooled() const { return pooled_.size(); }

 private:
  std::mutex mutex_;
  std::set<std::uint64_t> pooled_;
};

struct Outcome {
  std::uint64_t programs = 0;
  test::OrderFigures figures;
  std::vector<Memory> memory;  // each second's
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
      outcome.memory.push_back(Memory::now());
    }
    if (Clock::now() - report >= std::chrono::seconds(10)) {
      report = Clock::now();
      const Memory memory = outcome.memory.back();
      std::printf("%5lld s: %llu programs, %llu commands, %llu waits, %.1f MiB, %.1f in use\n",
                  static_cast<long long>(
                      std::chrono::duration_cast<std::chrono::seconds>(report - start).count()),
                  static_cast<unsigned long long>(outcome.programs),
                  static_cast<unsigned long long>(outcome.figures.commands),
                  static_cast<unsigned long long>(outcome.figures.waited), memory.resident,
                  memory.in_use);
      std::fflush(stdout);
    }
  }
  outcome.pooled_streams = short_lived.pooled();
  // The registry forgets a stream that ended with work in flight only when another one begins or
  // ends after that work.
  std::this_thread::sleep_for(std::chrono::seconds(1));
  static_cast<void>(Stream(context));
  if (outcome.pooled_streams != 0) MemoryPool::of(Context::default_context()).trim();
  return outcome;
}

/// Returns the mean over a quarter of the samples; `which` counts from 0.
double quarter(const std::vector<Memory>& samples, std::size_t which, double Memory::*figure) {
  const std::size_t length = samples.size() / 4;
  double sum = 0;
  for (std::size_t i = which * length; i < (which + 1) * length; ++i) sum += samples[i].*figure;
  return sum / static_cast<double>(length);
}

bool is_steady(const std::vector<Memory>& samples) {
  if (samples.size() < 40) return true;  // too short to tell
  const auto early = [&](auto figure) { return quarter(samples, 1, figure); };
  const auto late = [&](auto figure) { return quarter(samples, 3, figure); };
  constexpr auto resident = &Memory::resident, in_use = &Memory::in_use;
  std::printf("memory, second and last quarter: resident %.1f and %.1f MiB, in use %.2f and %.2f\n",
              early(resident), late(resident), early(in_use), late(in_use));
  return late(resident) < 1.05 * early(resident) && late(in_use) < early(in_use) + 0.5;
}

bool has_let_go(const test::Calls& calls, std::uint64_t events, const Outcome& outcome) {
  const test::ObjectBalance balance(calls, events, test::StepKernel::kernel_count);
  std::printf(
      "OpenCL objects held: %s; the default pools keep %zu queues and their "
      "context, twice\n",
      balance.str().c_str(), outcome.pooled_streams);
  const auto pooled = static_cast<std::int64_t>(outcome.pooled_streams);
  return balance.queues == pooled && balance.contexts == (pooled != 0 ? 2 : 0) &&
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
  const std::uint64_t events = test::totals().events;
  const test::Calls calls = test::calls_during([&] { outcome = run(seed, length); });
  bool is_good = is_steady(outcome.memory);
  if (!is_good) std::printf("FAILED: memory grows\n");
  if (!test::layer_is_active()) {
    std::printf("the counting layer is not loaded: objects are not counted\n");
    if (std::getenv("OPENCL_LAYERS") != nullptr && test::loader_takes_layers()) is_good = false;
  } else if (!has_let_go(calls, test::totals().events - events, outcome)) {
    std::printf("FAILED: objects are held that should not be, or were let go of twice\n");
    is_good = false;
  }
  return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace dovetail

int main() {
#ifdef __GLIBC__
  // With one arena for each thread, resident memory grows for minutes by fragmentation, though no
  // more is in use.
  ::mallopt(M_ARENA_MAX, 1);
#endif
  try {
    return dovetail::stress();
  } catch (const std::exception& error) {
    std::printf("FAILED: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

// SPDX-License-Identifier: Apache-2.0
// Times calls that append to a queue: the host's part and the completion, apart, beside a baseline.
//
// Calls are made in batches and the queue is drained after each, so that it never fills up. For
// benchmarks with UseManualTime().
#pragma once

#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace dovetail::bench {

/// Seconds of one call, taken over a batch.
struct Times {
  double enqueue = 0;  ///< Until the call had returned.
  double enqueue_cpu =
      0;                ///< Of that, how long the calling thread ran: free of what else runs here.
  double complete = 0;  ///< Until the device was done.
};

/// The same for a call and for its baseline.
struct TimesBeside {
  Times ours, raw;
};

inline double thread_cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename Call, typename Drain>
Times time_batch(std::size_t batch, const Call& call, const Drain& drain) {
  using Clock = std::chrono::steady_clock;
  const double cpu_start = thread_cpu_seconds();
  const auto start = Clock::now();
  for (std::size_t i = 0; i < batch; ++i) call();
  const auto enqueued = Clock::now();
  const double cpu = thread_cpu_seconds() - cpu_start;
  drain();
  const auto done = Clock::now();
  const auto count = static_cast<double>(batch);
  return {.enqueue = std::chrono::duration<double>(enqueued - start).count() / count,
          .enqueue_cpu = cpu / count,
          .complete = std::chrono::duration<double>(done - start).count() / count};
}

/// The median of each member over many batches.
class Samples {
 public:
  void add(const Times& times) {
    enqueue_.push_back(times.enqueue);
    enqueue_cpu_.push_back(times.enqueue_cpu);
    complete_.push_back(times.complete);
  }
  Times median() {
    return {.enqueue = median_of(enqueue_),
            .enqueue_cpu = median_of(enqueue_cpu_),
            .complete = median_of(complete_)};
  }

 private:
  static double median_of(std::vector<double>& values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
  }
  std::vector<double> enqueue_, enqueue_cpu_, complete_;
};

/// Times `call`; `which` of its times is the benchmark's own.
template <typename Call, typename Drain>
Times time_calls(benchmark::State& state, double Times::*which, std::size_t batch, const Call& call,
                 const Drain& drain) {
  Samples samples;
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(batch))) {
    const Times times = time_batch(batch, call, drain);
    samples.add(times);
    state.SetIterationTime(times.*which * static_cast<double>(batch));
  }
  return samples.median();
}

/// Times `ours` and `raw` by turns, so that both see the same disturbances; the benchmark's own
/// time is the mean of `ours`. Counters, medians over the batches: `ours_us` and `raw_us`; `ratio`,
/// ours by raw; and `cpu_ratio`, the same for the calling thread's own work while it enqueues.
///
/// `prepare` is called before each batch, untimed.
template <typename Ours, typename Raw, typename Drain, typename Prepare>
TimesBeside time_beside(benchmark::State& state, double Times::*which, std::size_t batch,
                        const Ours& ours, const Raw& raw, const Drain& drain,
                        const Prepare& prepare) {
  Samples our_samples, raw_samples;
  bool raw_first = false;
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(batch))) {
    const auto time_raw = [&] {
      prepare();
      raw_samples.add(time_batch(batch, raw, drain));
    };
    if (raw_first) time_raw();
    prepare();
    const Times times = time_batch(batch, ours, drain);
    our_samples.add(times);
    if (!raw_first) time_raw();
    raw_first = !raw_first;
    state.SetIterationTime(times.*which * static_cast<double>(batch));
  }
  const TimesBeside medians{our_samples.median(), raw_samples.median()};
  state.counters["ours_us"] = medians.ours.*which * 1e6;
  state.counters["raw_us"] = medians.raw.*which * 1e6;
  state.counters["ratio"] = medians.ours.*which / (medians.raw.*which);
  state.counters["cpu_ratio"] = medians.ours.enqueue_cpu / medians.raw.enqueue_cpu;
  return medians;
}

template <typename Ours, typename Raw, typename Drain>
TimesBeside time_beside(benchmark::State& state, double Times::*which, std::size_t batch,
                        const Ours& ours, const Raw& raw, const Drain& drain) {
  return time_beside(state, which, batch, ours, raw, drain, [] {});
}

}  // namespace dovetail::bench

// SPDX-License-Identifier: Apache-2.0
// Shows: threads that work on streams of their own without asking for one, a main thread that waits
// for their results on the device, an exclusive lease of a stream, and a guard that makes it the
// current stream for a scope.
// Prints: each thread's stream, the sum of all their results, and what the pool counted.
#include <cstdio>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

#include "dovetail/dovetail.hpp"

struct Result {
  std::optional<dovetail::Tensor> tensor;
  std::optional<dovetail::Event> done;
  std::uint64_t stream_id = 0;
};

/// (i + i) * i in each of 1000 elements, on the calling thread's current stream.
Result work(float i) {
  const dovetail::Stream stream = dovetail::current_stream();
  const dovetail::Tensor x = dovetail::Tensor::full(stream, {1000}, i);
  const dovetail::Tensor y = dovetail::multiply(dovetail::add(x, x), x);
  return {y, stream.record(), stream.id()};
}

int main() try {
  std::vector<Result> results(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < results.size(); ++i) {
      threads.emplace_back([&results, i] { results[i] = work(static_cast<float>(i + 1)); });
    }
  }

  // On a stream that nobody else gets, instead of the main thread's default one, until the end of
  // the scope. Copies of the stream should not outlive the lease, so they come after it.
  dovetail::StreamPool& pool = dovetail::StreamPool::default_pool();
  const dovetail::StreamLease lease = pool.lease();
  const dovetail::StreamGuard guard(lease.stream());
  const dovetail::Stream stream = dovetail::current_stream();
  dovetail::Tensor sum = dovetail::Tensor::zeros(stream, {1000});
  for (const Result& result : results) {
    std::printf("a thread worked on stream %llu\n",
                static_cast<unsigned long long>(result.stream_id));
    stream.wait(*result.done);  // the device waits, this thread does not
    sum = dovetail::add(sum, *result.tensor);
  }
  bool is_right = true;
  for (const float value : sum.to_host<float>(stream)) is_right = is_right && value == 60;
  std::printf("the sum on stream %llu is %s\n", static_cast<unsigned long long>(stream.id()),
              is_right ? "60, as it should be" : "wrong");
  const dovetail::StreamPoolStatistics statistics = pool.statistics();
  std::printf("queues made: %llu; streams that live threads share: %zu; leases out: %zu\n",
              static_cast<unsigned long long>(statistics.streams_created),
              statistics.shared_streams, statistics.leases.active);
  return is_right ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}

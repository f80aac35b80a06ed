// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/scaling/run_cell.hpp"

#include <algorithm>
#include <barrier>
#include <exception>
#include <thread>

#include "tools/measure/call_counts.hpp"
#include "tools/measure/verification.hpp"

namespace dovetail::tool {
namespace {

using Clock = std::chrono::steady_clock;

void wait_for_queue(Path path, const Stream& stream) {
  if (path == Path::raw) {
    check_raw(clFinish(stream.get()), "clFinish");
  } else {
    stream.synchronize();
  }
}

/// The raw path takes an event of its own queue position as plain OpenCL code does.
void wait_for_event(Path path, const Stream& stream) {
  if (path != Path::raw) return stream.record().synchronize();
  cl_event event = nullptr;
  check_raw(clEnqueueMarkerWithWaitList(stream.get(), 0, nullptr, &event),
            "clEnqueueMarkerWithWaitList");
  const cl_int status = clWaitForEvents(1, &event);
  clReleaseEvent(event);
  check_raw(status, "clWaitForEvents");
}

void run_thread(const Cell& cell, Operation& operation, const Stream& stream, std::uint64_t ops) {
  for (std::uint64_t i = 0; i < ops; ++i) {
    operation.enqueue(stream);
    if (cell.sync == Sync::per_op) wait_for_queue(cell.path, stream);
    if (cell.sync == Sync::event) wait_for_event(cell.path, stream);
  }
  if (cell.sync == Sync::async) wait_for_queue(cell.path, stream);
}

}  // namespace

CellRunner::CellRunner(const Context& context, std::uint64_t seed)
    : operations_(context, seed), pool_(context), context_(context) {}

void CellRunner::prepare(const Cell& cell) {
  for (unsigned thread = 0; thread < cell.threads; ++thread) {
    operations_.get(cell.path, cell.work, thread);
  }
  while (streams_.size() < cell.threads) streams_.emplace_back(context_);
  if (cell.queue == Queue::pool) {
    // The first use of a stream makes its queue.
    for (std::size_t i = 0; i < pool_.size(); ++i) static_cast<void>(pool_.get(i));
  }
}

std::vector<Stream> CellRunner::streams_for(const Cell& cell) {
  std::vector<Stream> streams;
  for (unsigned thread = 0; thread < cell.threads; ++thread) {
    if (cell.queue == Queue::pool) {
      streams.push_back(pool_.get());
    } else {
      streams.push_back(streams_[cell.queue == Queue::shared ? 0 : thread]);
    }
  }
  return streams;
}

CellRunner::Timing CellRunner::run(const Cell& cell, std::uint64_t ops, Clock::time_point start) {
  const std::uint64_t per_thread = std::max<std::uint64_t>(1, ops / cell.threads);
  const std::vector<Stream> streams = streams_for(cell);
  std::vector<Clock::time_point> ends(cell.threads);
  std::vector<std::exception_ptr> failures(cell.threads);
  Timing timing{.start = start, .end = {}, .ops = per_thread * cell.threads};

  // The last thread to arrive holds the others until `start`, and notes when they went.
  const auto release = [&]() noexcept {
    while (Clock::now() < start) std::this_thread::yield();
    timing.start = Clock::now();
  };
  std::barrier together(static_cast<std::ptrdiff_t>(cell.threads), release);
  const auto body = [&](unsigned thread) {
    Operation& operation = operations_.get(cell.path, cell.work, thread);
    together.arrive_and_wait();
    try {
      run_thread(cell, operation, streams[thread], per_thread);
    } catch (...) {
      failures[thread] = std::current_exception();
    }
    ends[thread] = Clock::now();
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned thread = 1; thread < cell.threads; ++thread) threads.emplace_back(body, thread);
    body(0);
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  timing.end = *std::ranges::max_element(ends);
  return timing;
}

std::map<std::string, double> CellRunner::count_calls(const Cell& cell) {
  run(cell, cell.threads);  // what only the first run of a stream does is not counted
  const bool is_heavy = cell.work == Work::memory || cell.work == Work::compute;
  const std::uint64_t ops = std::uint64_t{cell.threads} * (is_heavy ? 1 : 16);
  std::map<std::string, double> calls_per_op;
  for (const auto& [name, count] : tool::count_calls([&] { run(cell, ops); })) {
    calls_per_op[name] = static_cast<double>(count.calls) / static_cast<double>(ops);
  }
  return calls_per_op;
}

}  // namespace dovetail::tool

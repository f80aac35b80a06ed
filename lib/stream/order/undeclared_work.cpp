// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/undeclared_work.hpp"

#include <map>
#include <mutex>

namespace dovetail::detail {
namespace {

struct Entry {
  cl_context context;
  LatestWork work;
};

struct Table {
  std::mutex mutex;
  std::map<std::uint64_t, Entry> by_stream;
};

Table& table() {
  static Table* const instance = new Table;  // streams in static storage give work until the end
  return *instance;
}

bool is_done(const LatestWork& work) {
  return progress_of(work.point, work.foreign) == Progress::done;
}

}  // namespace

std::atomic<std::uint64_t> UndeclaredWork::latest{0};

void UndeclaredWork::add(cl_context context, const LatestWork& work) {
  const std::scoped_lock lock(table().mutex);
  std::erase_if(table().by_stream, [](const auto& known) { return is_done(known.second.work); });
  table().by_stream.insert_or_assign(work.point.stream, Entry{context, work});
  latest.fetch_add(1, std::memory_order_release);
}

std::vector<LatestWork> UndeclaredWork::of(cl_context context) {
  std::vector<LatestWork> found;
  const std::scoped_lock lock(table().mutex);
  for (const auto& [stream, known] : table().by_stream) {
    if (known.context == context && !is_done(known.work)) found.push_back(known.work);
  }
  return found;
}

void UndeclaredWork::forget(std::uint64_t stream) {
  const std::scoped_lock lock(table().mutex);
  table().by_stream.erase(stream);
}

}  // namespace dovetail::detail

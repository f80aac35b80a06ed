// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/memory_state.hpp"

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "lib/core/memory_info.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/stream/order/stream_registry.hpp"

namespace dovetail {

std::string_view to_string(Access access) noexcept {
  switch (access) {
    case Access::read:
      return "read";
    case Access::write:
      return "write";
    case Access::read_write:
      break;
  }
  return "read_write";
}

namespace detail {
namespace {

std::uint64_t next_memory_id() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

/// The memory objects whose uses are known, by handle.
struct MemoryRegistry {
  struct Entry {
    TrackedMemory tracked;
    std::uintptr_t number;  ///< Of the registration, unlike the handle's value never used again.
  };
  std::mutex mutex;
  std::unordered_map<cl_mem, Entry> memories;
  std::uintptr_t last_number = 0;
};

MemoryRegistry& registry() {
  static MemoryRegistry* const instance = new MemoryRegistry;  // drivers call back until the end
  return *instance;
}

void CL_CALLBACK forget(cl_mem memory, void* number) {
  TrackedMemory forgotten;
  const std::scoped_lock lock(registry().mutex);
  const auto place = registry().memories.find(memory);
  if (place == registry().memories.end()) return;
  // NVIDIA's driver 580 may call back after the handle's value has been used again.
  if (place->second.number != reinterpret_cast<std::uintptr_t>(number)) return;
  forgotten = std::move(place->second.tracked);
  registry().memories.erase(place);
}

/// In the place of what may still be there for an object that had the same handle.
/// @param lock  Of the registry; given back here, as drivers may call back at once.
TrackedMemory add(cl_mem memory, TrackedMemory tracked, std::unique_lock<std::mutex> lock) {
  const std::uintptr_t number = ++registry().last_number;
  registry().memories.insert_or_assign(memory, MemoryRegistry::Entry{tracked, number});
  lock.unlock();
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a number, never followed
  void* const user_data = reinterpret_cast<void*>(number);
  const cl_int status = clSetMemObjectDestructorCallback(memory, forget, user_data);
  if (status != CL_SUCCESS) forget(memory, user_data);  // nobody else would
  check(status, "clSetMemObjectDestructorCallback");
  return tracked;
}

}  // namespace

MemoryState::MemoryState(std::size_t nbytes)
    : id_(next_memory_id()), nbytes_(nbytes), segments_(1, Segment{{0, nbytes}, {}}) {}

void MemoryState::Segment::add(const LastUse& use) {
  if (use.writes) {
    uses.clear();
  } else {
    for (LastUse& earlier : uses) {
      if (earlier.stream == use.stream && !earlier.writes) {
        earlier = use;
        return;
      }
    }
  }
  uses.push_back(use);
}

void MemoryState::add(ByteRange range, const LastUse& use) {
  if (range.begin >= range.end) return;
  if (segments_.size() == 1 && range.begin == 0 && range.end >= nbytes_) [[likely]] {
    segments_.front().add(use);
    if (segments_.front().uses.size() > long_from_) shorten();
    return;
  }
  split_at(range.begin);
  split_at(range.end);
  const auto first = segments_.begin() + (first_at(range.begin) - segments_.cbegin());
  auto last = first;
  for (; last != segments_.end() && last->range.begin < range.end; ++last) last->add(use);
  if (use.writes && last - first > 1) {  // now all alike
    first->range.end = (last - 1)->range.end;
    last = segments_.erase(first + 1, last);
  }
  if (segments_.size() > long_from_ || first->uses.size() > long_from_) shorten();
}

void MemoryState::split_at(std::size_t at) {
  if (at == 0 || at >= nbytes_) return;
  const auto segment = segments_.begin() + (first_at(at) - segments_.cbegin());
  if (segment->range.begin == at) return;
  Segment front{{segment->range.begin, at}, segment->uses};
  segment->range.begin = at;
  segments_.insert(segment, std::move(front));
}

/// Forgets uses that are known to be done, and joins neighbours that are alike.
void MemoryState::shorten() {
  Segments kept;
  for (Segment& segment : segments_) {
    std::erase_if(segment.uses, [](const LastUse& use) {
      return progress_of({use.stream, use.ticket}, use.foreign) == Progress::done;
    });
    if (!kept.empty() && kept.back().uses == segment.uses) {
      kept.back().range.end = segment.range.end;
    } else {
      kept.push_back(std::move(segment));
    }
  }
  segments_ = std::move(kept);
  std::size_t longest = segments_.size();
  for (const Segment& segment : segments_) longest = std::max(longest, segment.uses.size());
  long_from_ = std::max<std::size_t>(64, 2 * longest);
}

void MemoryState::add_recorded_result(ByteRange range,
                                      const std::shared_ptr<const RecordingProgress>& recording) {
  for (RecordedResult& known : recorded_results_) {
    if (known.recording != recording) continue;
    if (known.range.begin <= range.begin && range.end <= known.range.end) return;
  }
  recorded_results_.push_back({range, recording});
}

void MemoryState::drop_recorded_results_of(const RecordingProgress& recording) {
  std::erase_if(recorded_results_,
                [&](const RecordedResult& result) { return result.recording.get() == &recording; });
}

bool MemoryState::has_recorded_result(ByteRange range, std::uint64_t number) const {
  return std::ranges::any_of(recorded_results_, [&](const RecordedResult& result) {
    return result.recording->number() < number && result.recording->is_pending() &&
           std::max(result.range.begin, range.begin) < std::min(result.range.end, range.end);
  });
}

void MemoryState::drop_recorded_results(ByteRange range, Access access) {
  std::vector<RecordedResult> kept;
  for (RecordedResult& result : recorded_results_) {
    if (result.recording->is_settled()) continue;
    const ByteRange both{std::max(result.range.begin, range.begin),
                         std::min(result.range.end, range.end)};
    const bool is_overwritten = access == Access::write && result.recording->is_pending();
    if (both.begin >= both.end || !is_overwritten) {
      kept.push_back(std::move(result));
      continue;
    }
    if (result.range.begin < both.begin) {
      kept.push_back({{result.range.begin, both.begin}, result.recording});
    }
    if (both.end < result.range.end) {
      kept.push_back({{both.end, result.range.end}, result.recording});
    }
  }
  recorded_results_ = std::move(kept);
}

TrackedMemory track(cl_mem memory) {
  if (memory == nullptr) return {};
  const auto nbytes = memory_info<std::size_t>(memory, CL_MEM_SIZE);
  const auto parent = memory_info<cl_mem>(memory, CL_MEM_ASSOCIATED_MEMOBJECT);
  const std::size_t begin = parent == nullptr ? 0 : memory_info<std::size_t>(memory, CL_MEM_OFFSET);
  const ByteRange range{begin, begin + nbytes};
  const auto of_parent = parent == nullptr ? nullptr : track(parent).state;
  std::unique_lock lock(registry().mutex);  // until it is known: nobody else makes another record
  const auto place = registry().memories.find(memory);
  if (place != registry().memories.end()) {
    const TrackedMemory& known = place->second.tracked;
    const bool is_same =
        known.range == range &&
        (of_parent == nullptr ? known.state->nbytes() == nbytes : known.state == of_parent);
    if (is_same) return known;
  }
  return add(memory,
             {of_parent ? of_parent : std::make_shared<MemoryState>(nbytes), range,
              parent != nullptr ? parent : memory},
             std::move(lock));
}

TrackedMemory track_new(cl_mem memory, std::size_t nbytes) {
  if (memory == nullptr) return {};
  return add(memory, {std::make_shared<MemoryState>(nbytes), {0, nbytes}, memory},
             std::unique_lock(registry().mutex));
}

}  // namespace detail
}  // namespace dovetail

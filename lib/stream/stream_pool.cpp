// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/stream_pool.hpp"

#include <fmt/format.h>

#include <mutex>
#include <optional>

#include "dovetail/core/error.hpp"

namespace dovetail {

struct StreamPool::Slot {
  std::once_flag made;
  std::optional<Stream> stream;
};

StreamPool::StreamPool(const Context& context, const StreamPoolOptions& options)
    : context_(context), stream_options_(options.stream), size_(options.size) {
  if (size_ == 0) {
    throw InvalidArgument("[StreamPool] size 0: a pool needs at least 1 stream.");
  }
  slots_ = std::make_unique<Slot[]>(size_ + 1);
}

StreamPool::~StreamPool() = default;

const Stream& StreamPool::stream_at(std::size_t slot) {
  Slot& place = slots_[slot];
  std::call_once(place.made, [&] { place.stream.emplace(context_, stream_options_); });
  return *place.stream;
}

Stream StreamPool::get() {
  return stream_at(1 + next_.fetch_add(1, std::memory_order_relaxed) % size_);
}

Stream StreamPool::get(std::size_t index) {
  if (index >= size_) {
    throw InvalidArgument(
        fmt::format("[StreamPool::get] index {} in a pool of {} streams; give one below {}.", index,
                    size_, size_));
  }
  return stream_at(1 + index);
}

const Stream& StreamPool::default_stream() { return stream_at(0); }

StreamPool& StreamPool::default_pool() {
  static StreamPool* const pool = new StreamPool(Context::default_context());
  return *pool;
}

}  // namespace dovetail

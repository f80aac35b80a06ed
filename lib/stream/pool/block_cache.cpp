// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/pool/block_cache.hpp"

#include <algorithm>
#include <limits>
#include <mutex>

#include "lib/stream/order/order.hpp"

namespace dovetail::detail {
namespace {

constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();

/// Returns the worst of the verdicts on a block's last uses for new work on a stream; nothing where
/// that may be refused.
std::optional<Verdict> verdict_on(const MemoryBlock& block, const BlockRequest& request,
                                  const Clock& clock) {
  const Order order(request.stream, clock);
  std::optional<Verdict> worst = Verdict::same_queue;
  const std::scoped_lock lock(*block.tracked.state);
  block.tracked.state->conflicts({0, request.nbytes}, true, [&](const MemoryState::LastUse& use) {
    const auto verdict = order.foreseen({use.stream, use.ticket}, use.foreign);
    worst = worst && verdict ? std::optional(std::max(*worst, *verdict)) : std::nullopt;
  });
  return worst;
}

bool has_uses_of_others(const MemoryBlock& block, const BlockRequest& request) {
  bool found = false;
  const std::scoped_lock lock(*block.tracked.state);
  block.tracked.state->conflicts({0, request.nbytes}, true, [&](const MemoryState::LastUse& use) {
    found = found || use.stream != request.stream;
  });
  return found;
}

}  // namespace

void BlockCache::put(MemoryBlock block, std::size_t nbytes) {
  Key key{block.tracked.state->nbytes(), 0, 0, ++next_number_};
  bool is_shared = false;
  {
    const std::scoped_lock lock(*block.tracked.state);
    block.tracked.state->conflicts({0, nbytes}, true, [&](const MemoryState::LastUse& use) {
      is_shared = is_shared || (key.stream != 0 && key.stream != use.stream);
      key.stream = use.stream;
      key.ticket = std::max(key.ticket, use.ticket);
    });
  }
  if (is_shared) key.stream = key.ticket = 0;
  std::list<Key> age(1, key);
  blocks_.emplace(key, Cached{std::move(block), age.begin()});
  by_age_.splice(by_age_.end(), age);
  nbytes_ += key.block_nbytes;
}

MemoryBlock BlockCache::take(Blocks::iterator place) {
  MemoryBlock block = std::move(place->second.block);
  nbytes_ -= place->first.block_nbytes;
  by_age_.erase(place->second.age);
  blocks_.erase(place);
  return block;
}

std::optional<MemoryBlock> BlockCache::take_own(const BlockRequest& request) {
  auto place = blocks_.upper_bound({request.block_nbytes, request.stream, highest, highest});
  if (place == blocks_.begin()) return std::nullopt;
  --place;
  if (place->first.block_nbytes != request.block_nbytes || place->first.stream != request.stream ||
      has_uses_of_others(place->second.block, request)) {
    return std::nullopt;
  }
  return take(place);
}

template <typename Look>
void BlockCache::look_at(std::size_t block_nbytes, const Look& look) {
  constexpr int most_of_one_stream = 2, most_of_several = 8;
  auto place = blocks_.lower_bound({block_nbytes, 0, 0, 0});
  while (place != blocks_.end() && place->first.block_nbytes == block_nbytes) {
    const std::uint64_t stream = place->first.stream;
    int left = stream == 0 ? most_of_several : most_of_one_stream;
    for (; place != blocks_.end() && left > 0; ++place, --left) {
      if (place->first.block_nbytes != block_nbytes || place->first.stream != stream) break;
      if (look(place)) return;
    }
    place = blocks_.upper_bound({block_nbytes, stream, highest, highest});
  }
}

std::optional<MemoryBlock> BlockCache::take_ordered(const BlockRequest& request,
                                                    const Clock& clock) {
  auto found = blocks_.end();
  look_at(request.block_nbytes, [&](Blocks::iterator place) {
    const auto verdict = verdict_on(place->second.block, request, clock);
    if (verdict && !is_wait(*verdict)) found = place;
    return found != blocks_.end();
  });
  if (found == blocks_.end()) return std::nullopt;
  return take(found);
}

std::optional<MemoryBlock> BlockCache::take_in_flight(const BlockRequest& request,
                                                      const Clock& clock) {
  auto found = blocks_.end();
  look_at(request.block_nbytes, [&](Blocks::iterator place) {
    if (found != blocks_.end() && found->first.number < place->first.number) return false;
    const auto verdict = verdict_on(place->second.block, request, clock);
    if (verdict && is_wait(*verdict)) found = place;
    return false;
  });
  if (found == blocks_.end()) return std::nullopt;
  return take(found);
}

MemoryBlock BlockCache::take_oldest() { return take(blocks_.find(by_age_.front())); }

}  // namespace dovetail::detail

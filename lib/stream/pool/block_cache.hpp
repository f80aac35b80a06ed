// SPDX-License-Identifier: Apache-2.0
// The blocks of a memory pool that nobody uses, and the choice among them.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>

#include "lib/stream/buffer_state.hpp"
#include "lib/stream/order/clock.hpp"

namespace dovetail::detail {

/// What a block is wanted for: `nbytes` of a block of size `block_nbytes`, for work on `stream`.
struct BlockRequest {
  std::uint64_t stream;
  std::size_t nbytes;
  std::size_t block_nbytes;
};

/// Not thread-safe. Makes no OpenCL call: what it gives up it returns.
class BlockCache {
 public:
  /// @param nbytes  How much of the block its last user had.
  void put(MemoryBlock block, std::size_t nbytes);

  /// The block that was used last of those with which the stream's own work alone has to do.
  std::optional<MemoryBlock> take_own(const BlockRequest& request);

  /// A block whose last uses come before all new work of a stream with this clock.
  std::optional<MemoryBlock> take_ordered(const BlockRequest& request, const Clock& clock);

  /// The block that has lain longest of those that the stream would have to wait for.
  std::optional<MemoryBlock> take_in_flight(const BlockRequest& request, const Clock& clock);

  /// The block that has lain longest of all; there must be one.
  MemoryBlock take_oldest();

  /// Of all blocks together.
  std::size_t nbytes() const noexcept { return nbytes_; }

 private:
  /// Blocks of one size lie together, among them those whose uses were on one stream alone, and
  /// among these the uses that are done first come first.
  struct Key {
    std::size_t block_nbytes;
    std::uint64_t stream;  // 0 if it was used on several, or on none
    std::uint64_t ticket;  // of the last use; 0 without a stream
    std::uint64_t number;  // counts up
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Cached {
    MemoryBlock block;
    std::list<Key>::iterator age;
  };
  using Blocks = std::map<Key, Cached>;

  /// Calls `look(place)` for the blocks of a size that are likely to be of use, until it returns
  /// true.
  template <typename Look>
  void look_at(std::size_t block_nbytes, const Look& look);
  MemoryBlock take(Blocks::iterator place);

  Blocks blocks_;
  std::list<Key> by_age_;
  std::uint64_t next_number_ = 0;
  std::size_t nbytes_ = 0;
};

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
// The last pieces of work of a stream, for messages.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "lib/stream/submit/command_name.hpp"

namespace dovetail::detail {

struct NamedWork {
  std::uint64_t ticket;
  CommandName name;
};

/// Describes work of which `count` pieces were enqueued and `known` are still remembered.
std::string describe(const std::vector<NamedWork>& known, std::uint64_t count);

/// A ring of names: one thread at a time writes, any may read meanwhile.
class RecentCommands {
 public:
  void remember(std::uint64_t ticket, const CommandName& name) noexcept {
    Entry& place = ring_[ticket % ring_.size()];
    place.ticket.store(0, std::memory_order_release);
    place.kind.store(name.kind, std::memory_order_release);
    place.name.store(name.name, std::memory_order_release);
    place.ticket.store(ticket, std::memory_order_release);
  }
  /// Returns what is remembered of the tickets in (after, until], in their order.
  std::vector<NamedWork> between(std::uint64_t after, std::uint64_t until) const;

 private:
  struct Entry {
    std::atomic<std::uint64_t> ticket{0};  // 0 while it is written
    std::atomic<const char*> kind{nullptr}, name{nullptr};
  };
  std::array<Entry, 32> ring_;
};

}  // namespace dovetail::detail

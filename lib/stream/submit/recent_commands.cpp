// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/submit/recent_commands.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dovetail::detail {

std::string describe(const std::vector<NamedWork>& known, std::uint64_t count) {
  if (known.empty()) return "work that was not given through Dovetail";
  constexpr std::size_t most = 4;
  std::string text = known.size() > 1 ? fmt::format("one of the last {}: ", count) : "";
  const std::size_t first = known.size() > most ? known.size() - most : 0;
  if (first != 0) text += "..., ";
  for (std::size_t i = first; i < known.size(); ++i) {
    text += fmt::format("{}{} (ticket {})", i == first ? "" : ", ", known[i].name.str(),
                        known[i].ticket);
  }
  return text;
}

std::vector<NamedWork> RecentCommands::between(std::uint64_t after, std::uint64_t until) const {
  std::vector<NamedWork> found;
  for (const Entry& command : ring_) {
    const std::uint64_t ticket = command.ticket.load(std::memory_order_acquire);
    if (ticket <= after || ticket > until) continue;
    const CommandName name{command.kind.load(std::memory_order_acquire),
                           command.name.load(std::memory_order_acquire)};
    if (command.ticket.load(std::memory_order_acquire) == ticket) {  // else written meanwhile
      found.push_back({ticket, name});
    }
  }
  std::ranges::sort(found, {}, &NamedWork::ticket);
  return found;
}

}  // namespace dovetail::detail

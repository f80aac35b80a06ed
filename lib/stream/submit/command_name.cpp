// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/submit/command_name.hpp"

#include <fmt/format.h>

#include <mutex>
#include <set>

namespace dovetail::detail {

std::string CommandName::str() const {
  return *kind == '\0' ? name : fmt::format("{} '{}'", kind, name);
}

const char* permanent(std::string_view text) {
  static std::mutex mutex;
  static auto* const texts = new std::set<std::string, std::less<>>;
  const std::scoped_lock lock(mutex);
  auto place = texts->find(text);
  if (place == texts->end()) place = texts->emplace(text).first;
  return place->c_str();
}

std::string stream_label(std::uint64_t id) { return fmt::format("stream #{}", id); }

}  // namespace dovetail::detail

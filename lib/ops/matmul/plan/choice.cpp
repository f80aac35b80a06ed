// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/plan/choice.hpp"

#include <fmt/format.h>

#include <charconv>

namespace dovetail::detail {

std::string write_choice(std::string_view kernel,
                         std::span<const ChoiceParameter<const std::uint32_t>> parameters) {
  std::string text(kernel);
  for (const auto& [name, value] : parameters) text += fmt::format(" {}={}", name, *value);
  return text;
}

bool read_choice(std::string_view text, std::string_view kernel,
                 std::span<const ChoiceParameter<std::uint32_t>> parameters) {
  const auto take = [&](std::string_view word) {
    const bool is_next = text.starts_with(word);
    if (is_next) text.remove_prefix(word.size());
    return is_next;
  };
  if (!take(kernel)) return false;
  for (const auto& [name, value] : parameters) {
    if (!take(" ") || !take(name) || !take("=")) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  return text.empty();
}

}  // namespace dovetail::detail

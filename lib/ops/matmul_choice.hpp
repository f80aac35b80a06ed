// SPDX-License-Identifier: Apache-2.0
// The text of a choice: a kernel's name, then its parameters in their order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dovetail::detail {

template <typename Value>
struct ChoiceParameter {
  std::string_view name;
  Value* value;
};

/// "panel swap=0 vectors=2": `kernel` and its parameters.
std::string write_choice(std::string_view kernel,
                         std::span<const ChoiceParameter<const std::uint32_t>> parameters);

/// Reads what write_choice() wrote; false, with some parameters perhaps set, if `text` is anything
/// else.
bool read_choice(std::string_view text, std::string_view kernel,
                 std::span<const ChoiceParameter<std::uint32_t>> parameters);

}  // namespace dovetail::detail

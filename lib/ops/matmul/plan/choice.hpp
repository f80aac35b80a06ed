// SPDX-License-Identifier: Apache-2.0
// The text of a choice: a kernel's name, then its parameters in their order.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dovetail::detail {

/// The choice where no other kernel can run a product.
inline constexpr std::string_view reference_choice = "reference";

template <typename Value>
struct ChoiceParameter {
  std::string_view name;
  Value* value;
};

template <typename Value>
ChoiceParameter<Value> choice_parameter(std::string_view name, Value& value) {
  return {name, &value};
}

/// Returns `kernel` and its parameters, such as "panel swap=0 vectors=2".
std::string write_choice(std::string_view kernel,
                         std::span<const ChoiceParameter<const std::uint32_t>> parameters);

/// Reads what write_choice() wrote; false, with some parameters perhaps set, if `text` is anything
/// else.
bool read_choice(std::string_view text, std::string_view kernel,
                 std::span<const ChoiceParameter<std::uint32_t>> parameters);

/// The text of a struct of parameters that has a `kernel` and `parameters(self)`, and such a struct
/// from a text.
template <typename Choice>
std::string text_of(const Choice& choice) {
  return write_choice(Choice::kernel, Choice::parameters(choice));
}
template <typename Choice>
std::optional<Choice> choice_from(std::string_view text) {
  Choice choice;
  const auto parameters = Choice::parameters(choice);
  if (!read_choice(text, Choice::kernel, parameters)) return std::nullopt;
  return choice;
}

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/build_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "dovetail/core/error.hpp"

namespace dovetail {
namespace {

void check_identifier(std::string_view name) {
  const auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) ||
      !std::ranges::all_of(name, fits)) {
    throw InvalidArgument(fmt::format(
        "[BuildOptions::define] '{}' is no C identifier; use letters, digits and _.", name));
  }
}

}  // namespace

BuildOptions& BuildOptions::append(std::string_view option) {
  if (!text_.empty()) text_ += ' ';
  text_ += option;
  return *this;
}

BuildOptions& BuildOptions::define(std::string_view name) {
  check_identifier(name);
  append("-D").text_.append(name);
  return *this;
}

BuildOptions& BuildOptions::define(std::string_view name, std::string_view value) {
  check_identifier(name);
  const auto breaks = [](char c) {
    return std::isspace(static_cast<unsigned char>(c)) || c == '"' || c == '\'' || c == '\\';
  };
  if (std::ranges::any_of(value, breaks)) {
    throw InvalidArgument(
        fmt::format("[BuildOptions::define] the value '{}' of {} has white space, a quote or a "
                    "backslash, which drivers split differently; put it into the source instead.",
                    value, name));
  }
  append("-D").text_.append(name).append("=").append(value);
  return *this;
}

BuildOptions& BuildOptions::fast_math() { return append("-cl-fast-relaxed-math"); }
BuildOptions& BuildOptions::mad() { return append("-cl-mad-enable"); }
BuildOptions& BuildOptions::standard(std::string_view version) {
  return append(fmt::format("-cl-std={}", version));
}

}  // namespace dovetail

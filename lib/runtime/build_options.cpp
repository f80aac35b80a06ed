// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/build_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <concepts>
#include <filesystem>
#include <system_error>
#include <utility>

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

/// CL1.2 and its like, or C++ for OpenCL: CLC++, CLC++1.0, CLC++2021.
bool is_standard(std::string_view version) {
  const auto is_digit = [](char c) { return '0' <= c && c <= '9'; };
  if (version.starts_with("CLC++")) {
    return std::ranges::all_of(version.substr(5), [&](char c) { return is_digit(c) || c == '.'; });
  }
  return version.size() == 5 && version.starts_with("CL") && is_digit(version[2]) &&
         version[3] == '.' && is_digit(version[4]);
}

bool is_split_differently(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return std::isspace(static_cast<unsigned char>(c)) || c == '"' || c == '\'' || c == '\\';
  });
}

template <typename T>
std::string literal_of(std::string_view name, T value) {
  if (!std::isfinite(value)) {
    throw InvalidArgument(
        fmt::format("[BuildOptions::define] the value {} of {} has no literal in OpenCL C; use "
                    "INFINITY or NAN in the source instead.",
                    value, name));
  }
  std::array<char, 32> digits{};  // to_chars, as releases of fmt write 0 differently
  const auto [end, status] = std::to_chars(digits.data(), digits.data() + digits.size(),
                                           std::abs(value), std::chars_format::hex);
  const std::string_view number(digits.data(), end);
  const std::string_view suffix = std::same_as<T, float> ? "f" : "";
  return std::signbit(value) ? fmt::format("(-0x{}{})", number, suffix)  // for a use as in x-NAME
                             : fmt::format("0x{}{}", number, suffix);
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
  if (is_split_differently(value)) {
    throw InvalidArgument(
        fmt::format("[BuildOptions::define] the value '{}' of {} has white space, a quote or a "
                    "backslash, which drivers split differently; put it into the source instead.",
                    value, name));
  }
  append("-D").text_.append(name).append("=").append(value);
  return *this;
}

BuildOptions& BuildOptions::define(std::string_view name, float value) {
  return define(name, std::string_view(literal_of(name, value)));
}
BuildOptions& BuildOptions::define(std::string_view name, double value) {
  return define(name, std::string_view(literal_of(name, value)));
}

BuildOptions& BuildOptions::include_directory(const std::string& path) {
  std::error_code failure;
  if (!std::filesystem::is_directory(path, failure)) {
    throw InvalidArgument(fmt::format(
        "[BuildOptions::include_directory] '{}' is no folder; make it first, or correct the path.",
        path));
  }
  std::string absolute = std::filesystem::absolute(path).string();
  if (is_split_differently(absolute)) {
    throw InvalidArgument(fmt::format(
        "[BuildOptions::include_directory] '{}' has white space, a quote or a backslash, which "
        "drivers split differently; give a link to the folder with a plain name.",
        absolute));
  }
  append(fmt::format("-I {}", absolute));
  include_directories_.push_back(std::move(absolute));
  return *this;
}

BuildOptions& BuildOptions::fast_math() { return append("-cl-fast-relaxed-math"); }
BuildOptions& BuildOptions::mad() { return append("-cl-mad-enable"); }
BuildOptions& BuildOptions::standard(std::string_view version) {
  if (!is_standard(version)) {
    throw InvalidArgument(
        fmt::format("[BuildOptions::standard] '{}' is no standard of OpenCL C; give one such as "
                    "CL1.2, CL3.0 or CLC++2021, and other options by their own functions.",
                    version));
  }
  return append(fmt::format("-cl-std={}", version));
}

}  // namespace dovetail

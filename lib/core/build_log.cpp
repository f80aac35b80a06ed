// SPDX-License-Identifier: Apache-2.0
#include "lib/core/build_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "lib/core/file.hpp"

namespace dovetail::detail {
namespace {

constexpr std::size_t most_quoted = 3;
constexpr std::size_t lines_around = 2;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    if (lines.back().ends_with('\r')) lines.back().remove_suffix(1);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view without_spaces_before(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

/// Takes `start` off the beginning of `text`, if it is there.
bool take(std::string_view& text, std::string_view start) {
  if (!text.starts_with(start)) return false;
  text.remove_prefix(start.size());
  return true;
}

/// Takes a number and the colon behind it.
std::optional<unsigned> take_number(std::string_view& text) {
  unsigned number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end == text.data() + text.size() || *end != ':') return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return number;
}

std::optional<LogError> error_in(std::string_view line) {
  const bool is_error = take(line, "error: ") || take(line, "fatal error: ");
  for (auto colon = line.find(':'); colon != std::string_view::npos;
       colon = line.find(':', colon + 1)) {
    std::string_view rest = line.substr(colon + 1);
    const auto row = take_number(rest);
    const auto column = row ? take_number(rest) : std::nullopt;
    if (!column || *row == 0) continue;
    rest = without_spaces_before(rest);
    if (!is_error && !take(rest, "error: ") && !take(rest, "fatal error: ")) return {};
    return LogError{std::string(line.substr(0, colon)), *row, *column, std::string(rest)};
  }
  return {};
}

/// `#line 7 "name"`, from whose next line on the compiler counts anew.
struct LineDirective {
  std::size_t at;  ///< The directive's own index.
  unsigned next;   ///< The number of the line below it.
  std::string_view file;
};

std::optional<LineDirective> directive_in(std::string_view line, std::size_t at) {
  line = without_spaces_before(line);
  if (!take(line, "#")) return {};
  line = without_spaces_before(line);
  if (take(line, "line")) line = without_spaces_before(line);
  unsigned number = 0;
  const auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), number);
  if (failure != std::errc{}) return {};
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  const std::size_t open = line.find('"'), close = line.rfind('"');
  if (open == close) return {};
  return LineDirective{at, number, line.substr(open + 1, close - open - 1)};
}

/// Lines, and the index of the one that a log's error means.
struct Place {
  std::vector<std::string_view> lines;
  std::size_t index;
};

/// By the directives that name the error's file; nothing if none does.
std::optional<std::size_t> index_by_directives(const std::vector<std::string_view>& lines,
                                               const LogError& error) {
  std::optional<LineDirective> current;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (const auto directive = directive_in(lines[i], i)) {
      current = directive;
    } else if (current && current->file == error.file &&
               current->next + (i - current->at - 1) == error.line) {
      return i;
    }
  }
  return {};
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

bool includes(std::string_view source, std::string_view file) {
  return std::ranges::any_of(lines_of(source), [&](std::string_view line) {
    return without_spaces_before(line).starts_with('#') &&
           line.find("include") != std::string_view::npos &&
           line.find(file_name(file)) != std::string_view::npos;
  });
}

std::string quote(std::string_view name, const LogError& error, const Place& place) {
  std::string text = fmt::format("{}:{}:{}: {}\n", name, error.line, error.column, error.message);
  const std::size_t first = place.index - std::min(place.index, lines_around);
  const std::size_t last = std::min(place.index + lines_around, place.lines.size() - 1);
  for (std::size_t i = first; i <= last; ++i) {
    const bool is_it = i == place.index;
    text += fmt::format("{} {:>3} | {}\n", is_it ? '>' : ' ', error.line + i - place.index,
                        place.lines[i]);
    if (!is_it) continue;
    text += "      | ";
    for (const char c : place.lines[i].substr(0, error.column - std::min(error.column, 1U))) {
      if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;  // in the middle of a letter
      text += c == '\t' ? '\t' : ' ';
    }
    text += "^\n";
  }
  return text;
}

std::string quote(const LogError& error, std::string_view program, std::string_view source) {
  std::vector<std::string_view> lines = lines_of(source);
  if (const auto index = index_by_directives(lines, error)) {
    return quote(error.file, error, {std::move(lines), *index});
  }
  const std::size_t index = error.line - 1;
  if (const auto text = read_file(error.file)) {
    // PoCL keeps a program's text in a file of its own.
    const std::string_view name = *text == source ? program : std::string_view(error.file);
    std::vector<std::string_view> included = lines_of(*text);
    if (index < included.size()) return quote(name, error, {std::move(included), index});
  }
  if (index >= lines.size() || includes(source, error.file)) return {};
  return quote(program, error, {std::move(lines), index});
}

}  // namespace

std::vector<LogError> errors_in(std::string_view log) {
  std::vector<LogError> errors;
  for (const std::string_view line : lines_of(log)) {
    if (auto error = error_in(line)) errors.push_back(*std::move(error));
  }
  return errors;
}

std::string quote_errors(std::string_view log, std::string_view program, std::string_view source) {
  std::string text;
  std::size_t quoted = 0;
  for (const LogError& error : errors_in(log)) {
    if (quoted == most_quoted) break;
    const std::string one = quote(error, program, source);
    quoted += one.empty() ? 0 : 1;
    text += one;
  }
  return text;
}

}  // namespace dovetail::detail

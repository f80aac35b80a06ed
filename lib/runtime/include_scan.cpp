// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/include_scan.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>
#include <vector>

#include "lib/core/file.hpp"

namespace dovetail::detail {
namespace {

bool take(std::string_view& text, std::string_view start) {
  if (!text.starts_with(start)) return false;
  text.remove_prefix(start.size());
  return true;
}

void skip_spaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\f\v"), text.size()));
}

std::string with_joined_lines(std::string_view text) {
  std::string joined;
  joined.reserve(text.size());
  while (!text.empty()) {
    if (!take(text, "\\\n") && !take(text, "\\\r\n")) {
      joined += text.front();
      text.remove_prefix(1);
    }
  }
  return joined;
}

/// The text with a space for each comment; strings end with their line at the latest.
std::string without_comments(std::string_view text) {
  std::string code;
  code.reserve(text.size());
  char quote = '\0';
  while (!text.empty()) {
    if (quote == '\0' && take(text, "/*")) {
      text.remove_prefix(std::min(text.find("*/"), text.size()));
      take(text, "*/");
      code += ' ';
    } else if (quote == '\0' && text.starts_with("//")) {
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    } else {
      const char c = text.front();
      if (c == quote || c == '\n') {
        quote = '\0';
      } else if (quote == '\0' && c == '"') {
        quote = c;
      }
      code += c;
      text.remove_prefix(1);
    }
  }
  return code;
}

/// What stands behind `#include` on a line: "name", <name> or a macro.
std::optional<std::string_view> operand_in(std::string_view line) {
  skip_spaces(line);
  if (!take(line, "#") && !take(line, "%:")) return {};
  skip_spaces(line);
  if (!take(line, "include_next") && !take(line, "include") && !take(line, "import")) return {};
  skip_spaces(line);
  return line;
}

std::vector<std::string> operands_in(std::string_view text) {
  const auto has = [&](std::string_view part) { return text.find(part) != std::string_view::npos; };
  if (!has("include") && !has("import") && !has("\\\n") && !has("\\\r")) return {};
  const std::string code = without_comments(with_joined_lines(text));
  std::vector<std::string> operands;
  std::string_view rest = code;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (const auto operand = operand_in(rest.substr(0, end))) operands.emplace_back(*operand);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return operands;
}

/// Compilers end there, too: clang's own limit.
constexpr int deepest_nesting = 200;

class Scan {
 public:
  explicit Scan(std::span<const std::filesystem::path> directories) : directories_(directories) {}

  /// @param folder  The text's own; empty for the program's source.
  void text(std::string_view text, const std::filesystem::path& folder) {
    for (const std::string& operand : operands_in(text)) {
      if (included_.is_partial) return;
      const char close = operand.starts_with('"') ? '"' : operand.starts_with('<') ? '>' : '\0';
      const std::size_t end = close == '\0' ? std::string::npos : operand.find(close, 1);
      if (end == std::string::npos) {
        included_.is_partial = true;
      } else {
        name(operand.substr(1, end - 1), folder);
      }
    }
  }

  Included take() { return std::move(included_); }

 private:
  void name(const std::string& name, const std::filesystem::path& folder) {
    put('n', name);
    if (name.find('\0') != std::string::npos) {  // where the system cuts it
      included_.is_partial = true;
      return;
    }
    file(std::filesystem::path(name));  // in the current folder, or absolute
    if (!folder.empty()) file(folder / name);
    for (const auto& directory : directories_) file(directory / name);
  }

  void file(const std::filesystem::path& path) {
    if (!seen_.insert(path).second) return;
    std::error_code failure;
    const auto type = std::filesystem::status(path, failure).type();
    if (type == std::filesystem::file_type::not_found ||
        type == std::filesystem::file_type::directory) {
      return;
    }
    put('p', path.string());
    // One file has many paths where folders are links, or named by "..". What it includes depends
    // on its folder.
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    const auto place = std::filesystem::canonical(folder, failure) / path.filename();
    if (!failure && !read_.insert(place).second) return;
    const bool is_too_deep = depth_ == deepest_nesting;
    const auto contents = failure || is_too_deep ? std::nullopt : read_file(path, bytes_left_);
    if (!contents) {
      included_.is_partial = true;
      return;
    }
    put('c', *contents);
    bytes_left_ -= contents->size();
    ++depth_;
    text(*contents, folder);
    --depth_;
  }

  /// @param kind  So that a name, a path and contents cannot be taken for each other.
  void put(char kind, std::string_view text) {
    included_.key += std::to_string(text.size());
    included_.key += kind;
    included_.key += text;
  }

  std::span<const std::filesystem::path> directories_;
  std::set<std::filesystem::path> seen_;  ///< Paths as they were spelt.
  std::set<std::filesystem::path> read_;  ///< In canonical folders.
  std::size_t bytes_left_ = largest_text;
  int depth_ = 0;
  Included included_;
};

}  // namespace

Included scan_includes(std::string_view source,
                       std::span<const std::filesystem::path> directories) {
  Scan scan(directories);
  scan.text(source, {});
  return scan.take();
}

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/matmul/shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "dovetail/core/error.hpp"
#include "tools/embedded.hpp"

namespace dovetail::tool {
namespace {

constexpr std::string_view header = "set,name,batch,m,n,k,transpose_a,transpose_b";
constexpr std::string_view builtin_path = "gemm_shapes.csv";

/// One line, with what its messages need.
struct Line {
  std::string_view origin;
  std::size_t number;
  std::string_view text;

  [[noreturn]] void refuse(const std::string& why) const {
    throw InvalidArgument(fmt::format("[shapes] {}:{}: '{}': {}", origin, number, text, why));
  }
};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> fields;
  while (true) {
    const auto comma = text.find(',');
    fields.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    text.remove_prefix(comma + 1);
  }
}

std::uint64_t size(const Line& line, std::string_view field, std::string_view name) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(field.data(), field.data() + field.size(), value);
  constexpr std::uint64_t most = 1U << 24;
  if (failure != std::errc{} || end != field.data() + field.size() || value == 0 || value > most) {
    line.refuse(
        fmt::format("{} is '{}', and must be a whole number from 1 to {}.", name, field, most));
  }
  return value;
}

bool transpose(const Line& line, std::string_view field, std::string_view name) {
  if (field != "n" && field != "t") {
    line.refuse(
        fmt::format("{} is '{}', and must be n (as it is) or t (stored transposed).", name, field));
  }
  return field == "t";
}

MatmulShape parse(const Line& line) {
  const auto fields = split(line.text);
  if (fields.size() != 8) {
    line.refuse(fmt::format("{} fields, and must have 8: {}.", fields.size(), header));
  }
  return {.set = std::string(fields[0]),
          .name = std::string(fields[1]),
          .batch = size(line, fields[2], "batch"),
          .m = size(line, fields[3], "m"),
          .n = size(line, fields[4], "n"),
          .k = size(line, fields[5], "k"),
          .transpose_a = transpose(line, fields[6], "transpose_a"),
          .transpose_b = transpose(line, fields[7], "transpose_b")};
}

std::vector<std::string> names_of_sets(const std::vector<MatmulShape>& shapes) {
  std::vector<std::string> names;
  for (const MatmulShape& shape : shapes) {
    if (names.empty() || names.back() != shape.set) names.push_back(shape.set);
  }
  return names;
}

}  // namespace

std::vector<MatmulShape> parse_shapes(std::string_view text, std::string_view origin) {
  std::vector<MatmulShape> shapes;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string_view content = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (content.ends_with('\r')) content.remove_suffix(1);
    const Line line{origin, number, content};
    if (number == 1) {
      if (content != header) line.refuse(fmt::format("the first line must be: {}", header));
    } else if (!content.empty()) {
      shapes.push_back(parse(line));
    }
  }
  if (shapes.empty()) throw InvalidArgument(fmt::format("[shapes] {}: no shapes.", origin));
  return shapes;
}

std::vector<MatmulShape> read_shapes(const std::filesystem::path& path) {
  std::ifstream stream;
  if (!std::filesystem::is_directory(path)) stream.open(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open()) {
    throw InvalidArgument(fmt::format("[shapes] cannot read the file '{}'.", path.string()));
  }
  return parse_shapes(text, path.string());
}

std::vector<MatmulShape> builtin_shapes() {
  return parse_shapes(embedded_file(builtin_path), builtin_path);
}

std::vector<MatmulShape> select_shapes(const std::filesystem::path& path,
                                       const std::vector<std::string>& sets) {
  auto shapes = path.empty() ? builtin_shapes() : read_shapes(path);
  for (const std::string& set : sets) {
    if (std::ranges::find(shapes, set, &MatmulShape::set) == shapes.end()) {
      throw InvalidArgument(fmt::format("--sets: there is no set '{}'; there are: {}.", set,
                                        fmt::join(names_of_sets(shapes), ", ")));
    }
  }
  std::erase_if(shapes, [&](const MatmulShape& shape) {
    return !sets.empty() && std::ranges::find(sets, shape.set) == sets.end();
  });
  return shapes;
}

}  // namespace dovetail::tool

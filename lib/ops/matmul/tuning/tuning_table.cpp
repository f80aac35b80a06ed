// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/tuning/tuning_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "dovetail/core/error.hpp"
#include "lib/core/file.hpp"
#include "lib/ops/matmul/plan/plan.hpp"
#include "lib/ops/matmul/problem/check.hpp"

namespace dovetail::detail {
namespace {

constexpr std::string_view header =
    "device,dtype,transpose_a,transpose_b,batch,m,n,k,backend,choice";

/// A line's fields; fewer or more than ten make none.
std::optional<std::array<std::string_view, 10>> fields_of(std::string_view line) {
  std::array<std::string_view, 10> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t comma = line.find(',');
    if ((comma == std::string_view::npos) != (i + 1 == fields.size())) return std::nullopt;
    fields[i] = line.substr(0, comma);
    line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
  }
  return fields;
}

bool parse_number(std::string_view text, std::int64_t least, std::int64_t& number) {
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  return result.ec == std::errc() && result.ptr == end && number >= least;
}

bool parse_flag(std::string_view text, bool& flag) {
  flag = text == "t";
  return text == "t" || text == "n";
}

bool parse_dtype(std::string_view text, DType& dtype) {
  const auto named = dtype_named(text);
  dtype = named.value_or(dtype);
  return named && is_multiplied(*named);
}

std::optional<TuningEntry> parse_line(std::string_view line) {
  const auto fields = fields_of(line);
  if (!fields) return std::nullopt;
  const auto& [device, dtype, ta, tb, batch, m, n, k, backend, choice] = *fields;
  TuningEntry entry{.device = std::string(device), .product = {}, .tuning = {}};
  MatmulCase& product = entry.product;
  const auto named = matmul_backend_named(backend);
  const bool is_right = !device.empty() && parse_dtype(dtype, product.dtype) &&
                        parse_flag(ta, product.transpose_a) &&
                        parse_flag(tb, product.transpose_b) &&
                        parse_number(batch, 1, product.batch) && parse_number(m, 1, product.m) &&
                        parse_number(n, 1, product.n) && parse_number(k, 1, product.k) &&
                        (named == MatmulBackend::kernel || named == MatmulBackend::clblast);
  if (!is_right) return std::nullopt;
  entry.tuning = {.backend = *named, .choice = std::string(choice)};
  return entry;
}

/// What is measured for sizes further apart, in doublings, says too little.
constexpr double furthest = 0.5;

/// How far apart two sizes are, in doublings.
double distance(std::int64_t a, std::int64_t b) {
  return std::abs(std::log2(static_cast<double>(a) / static_cast<double>(b)));
}

/// Nothing where one case tells nothing of the other.
std::optional<double> distance(const MatmulCase& a, const MatmulCase& b) {
  if (a.dtype != b.dtype || a.transpose_a != b.transpose_a || a.transpose_b != b.transpose_b) {
    return std::nullopt;
  }
  // A vector is another matter than a thin matrix.
  if ((a.m == 1) != (b.m == 1) || (a.n == 1) != (b.n == 1)) return std::nullopt;
  double sum = 0.0;
  for (const double part :
       {distance(a.m, b.m), distance(a.n, b.n), distance(a.k, b.k), distance(a.batch, b.batch)}) {
    sum += part;
  }
  if (sum > furthest) return std::nullopt;
  return sum;
}

/// What an entry is found by, as its line begins.
std::string begin_of_line(std::string_view device, const MatmulCase& p) {
  const auto flag = [](bool transposed) { return transposed ? 't' : 'n'; };
  return fmt::format("{},{},{},{},{},{},{},{}", device, to_string(p.dtype), flag(p.transpose_a),
                     flag(p.transpose_b), p.batch, p.m, p.n, p.k);
}

}  // namespace

TuningTable TuningTable::parse(std::string_view text, std::string_view source,
                               std::string_view function) {
  TuningTable table;
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#') || line == header) continue;
    auto entry = parse_line(line);
    if (!entry) {
      throw InvalidArgument(
          fmt::format("[{}] {}:{}: '{}' is not a line of '{}'; delete the line, or the file, and "
                      "tune again.",
                      function, source, number, line, header));
    }
    table.set(*std::move(entry));
  }
  return table;
}

TuningTable TuningTable::read(const std::filesystem::path& file) {
  const auto text = read_file(file);
  if (!text) {
    throw InvalidArgument(
        fmt::format("[load_matmul_tuning] cannot read '{}'; name a file of at most {} MiB that you "
                    "may read.",
                    file.string(), largest_text >> 20));
  }
  return parse(*text, file.string());
}

bool TuningEntry::is_known() const { return tuning.choice.empty() || is_choice(tuning.choice); }

std::string TuningTable::text() const {
  std::string text = fmt::format("{}\n", header);
  for (const auto& [device, product, tuning, is_set] : entries_) {
    text += fmt::format("{},{},{}\n", begin_of_line(device, product), to_string(tuning.backend),
                        tuning.choice);
  }
  return text;
}

void TuningTable::set(TuningEntry entry) {
  const auto [place, is_new] =
      places_.try_emplace(begin_of_line(entry.device, entry.product), entries_.size());
  if (is_new) {
    entries_.push_back(std::move(entry));
  } else {
    entries_[place->second] = std::move(entry);
  }
}

void TuningTable::merge(const TuningTable& other) {
  for (const TuningEntry& entry : other.entries_) set(entry);
}

const MatmulTuning* TuningTable::find(std::string_view device, const MatmulCase& product) const {
  const MatmulTuning* nearest = nullptr;
  double least = 0.0;
  for (const TuningEntry& entry : entries_) {
    if (entry.device != device) continue;
    const auto apart = distance(entry.product, product);
    if (apart && (nearest == nullptr || *apart < least)) {
      nearest = &entry.tuning;
      least = *apart;
    }
  }
  return nearest;
}

std::string device_class(const Device& device) {
  if (device.type() != DeviceType::cpu) return std::string(to_string(device.type()));
  return fmt::format("cpu/{}", device.native_float_vector_width());
}

std::string device_key(const Device& device) {
  std::string key = device.name();
  std::ranges::replace_if(
      key, [](char c) { return c == ',' || c == '\n' || c == '#'; }, ' ');
  return key;
}

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/matmul_tuning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "dovetail/core/error.hpp"
#include "lib/core/file.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/ops/matmul/plan/plan.hpp"
#include "lib/ops/matmul/problem/check.hpp"
#include "lib/ops/matmul/tuning/live_tuning.hpp"

namespace dovetail {
namespace {

std::string describe(const MatmulCase& p) {
  return fmt::format("{} x [{}, {}] by [{}, {}] of {}", p.batch, p.m, p.k, p.k, p.n,
                     to_string(p.dtype));
}

detail::MatmulSizes checked_sizes(std::string_view function, const Device& device,
                                  const MatmulCase& p) {
  detail::check_not_moved_from(function, "device", device);
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (std::min({p.batch, p.m, p.n, p.k}) < 1 || std::max({p.batch, p.m, p.n, p.k}) > most) {
    throw InvalidArgument(
        fmt::format("[{}] {}: every size must be from 1 to {}.", function, describe(p), most));
  }
  if (!detail::is_multiplied(device, p.dtype)) {
    detail::refuse_dtype(device, p.dtype, fmt::format("[{}] the dtype", function));
  }
  return detail::sizes_of(p);
}

}  // namespace

MatmulTuning matmul_tuning(const Device& device, const MatmulCase& product) {
  const auto sizes = checked_sizes("matmul_tuning", device, product);
  MatmulTuning tuning = detail::LiveTuning::instance().find(device, product);
  if (tuning.choice.empty() ||
      !detail::plan_choice(detail::traits_of(device), sizes, tuning.choice)) {
    tuning.choice = detail::default_choice(detail::traits_of(device), sizes);
  }
  return tuning;
}

bool has_matmul_tuning(const Device& device, const MatmulCase& product) {
  detail::check_not_moved_from("has_matmul_tuning", "device", device);
  return detail::LiveTuning::instance().has(device, product);
}

std::vector<std::string> matmul_choices(const Device& device, const MatmulCase& product) {
  return detail::choices(detail::traits_of(device),
                         checked_sizes("matmul_choices", device, product));
}

void set_matmul_tuning(const Device& device, const MatmulCase& product,
                       const MatmulTuning& tuning) {
  const auto sizes = checked_sizes("set_matmul_tuning", device, product);
  if (tuning.backend != MatmulBackend::kernel && tuning.backend != MatmulBackend::clblast) {
    throw InvalidArgument(
        fmt::format("[set_matmul_tuning] backend {}: `automatic` takes kernel or clblast.",
                    to_string(tuning.backend)));
  }
  if (!tuning.choice.empty() &&
      !detail::plan_choice(detail::traits_of(device), sizes, tuning.choice)) {
    throw InvalidArgument(
        fmt::format("[set_matmul_tuning] '{}' cannot run {} on {}; see matmul_choices.",
                    tuning.choice, describe(product), device.name()));
  }
  detail::LiveTuning::instance().set(
      {.device = detail::device_key(device), .product = product, .tuning = tuning});
}

std::optional<std::string> matmul_tuning_file() {
  if (const char* const own = std::getenv("DOVETAIL_TUNING_FILE")) {
    if (*own == '\0') return std::nullopt;
    return own;
  }
  const auto directory = detail::user_directory("XDG_CONFIG_HOME", ".config");
  if (!directory) return std::nullopt;
  return (*directory / "matmul.csv").string();
}

std::size_t load_matmul_tuning(const std::string& file) {
  const auto table = detail::TuningTable::read(file);
  for (const detail::TuningEntry& entry : table.entries()) {
    if (entry.is_known()) continue;
    throw InvalidArgument(
        fmt::format("[load_matmul_tuning] {}: '{}' is no kernel of this version of Dovetail; tune "
                    "again, which replaces the line.",
                    file, entry.tuning.choice));
  }
  detail::LiveTuning::instance().merge(table);
  return table.entries().size();
}

void save_matmul_tuning(const std::string& file) {
  const bool is_saved = detail::update_file(file, [&](std::string_view text) {
    const auto there = detail::TuningTable::parse(text, file, "save_matmul_tuning");
    return detail::LiveTuning::instance().added_to(there).text();
  });
  if (!is_saved) {
    std::error_code ignored;
    throw Error(fmt::format("[save_matmul_tuning] cannot write '{}'; {}", file,
                            std::filesystem::is_directory(file, ignored)
                                ? "it is a directory: name a file."
                                : "is its folder writable?"));
  }
}

}  // namespace dovetail

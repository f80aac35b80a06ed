// SPDX-License-Identifier: Apache-2.0
#include "lib/ops/matmul/tuning/live_tuning.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/ops/matmul/problem/check_out.hpp"
#include "lib/runtime/embedded_kernels.hpp"

namespace dovetail::detail {
namespace {

/// A file that a product needs cannot make it fail.
TuningTable read_user_file() {
  const auto path = matmul_tuning_file();
  std::error_code failure;
  if (!path || !std::filesystem::exists(*path, failure)) return {};
  try {
    const TuningTable all = TuningTable::read(*path);
    TuningTable known;
    for (const TuningEntry& entry : all.entries()) {
      if (entry.is_known()) {
        known.set(entry);
      } else {
        std::fprintf(
            stderr,
            "dovetail: '%s' in %s is no kernel of this version; tune again, which replaces "
            "the line.\n",
            entry.tuning.choice.c_str(), path->c_str());
      }
    }
    return known;
  } catch (const InvalidArgument& error) {
    std::fprintf(stderr, "dovetail: products run without the user's tuning: %s\n", error.what());
    return {};
  }
}

TuningTable read_shipped_files() {
  TuningTable all;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path.starts_with("data/tuned/")) all.merge(TuningTable::parse(file.text, file.path));
  }
  return all;
}

}  // namespace

LiveTuning& LiveTuning::instance() {
  static LiveTuning* const live = new LiveTuning;  // products may run while statics are destroyed
  return *live;
}

LiveTuning::LiveTuning() : shipped_(read_shipped_files()), user_(read_user_file()) {}

MatmulTuning LiveTuning::find(const Device& device, const MatmulCase& product) const {
  const std::string key = device_key(device);
  {
    const std::scoped_lock lock(mutex_);
    if (const MatmulTuning* const found = user_.find(key, product)) return *found;
  }
  if (const MatmulTuning* const found = shipped_.find(key, product)) return *found;
  if (const MatmulTuning* const found = shipped_.find(device_class(device), product)) return *found;
  return {};
}

bool LiveTuning::has(const Device& device, const MatmulCase& product) const {
  const std::string key = device_key(device);
  const std::scoped_lock lock(mutex_);
  return std::ranges::any_of(user_.entries(), [&](const TuningEntry& entry) {
    return entry.device == key && entry.product == product;
  });
}

void LiveTuning::set(TuningEntry entry) {
  const std::scoped_lock lock(mutex_);
  entry.is_set = true;
  user_.set(std::move(entry));
  ++version_;
}

void LiveTuning::merge(const TuningTable& table) {
  const std::scoped_lock lock(mutex_);
  user_.merge(table);
  ++version_;
}

TuningTable LiveTuning::added_to(const TuningTable& file) const {
  const std::scoped_lock lock(mutex_);
  TuningTable all = user_;
  for (const TuningEntry& entry : file.entries()) {
    if (entry.is_known()) all.set(entry);
  }
  for (const TuningEntry& entry : user_.entries()) {
    if (entry.is_set) all.set(entry);
  }
  return all;
}

MatmulCase case_of(const MatmulSizes& s) noexcept {
  return {.dtype = s.in,
          .transpose_a = s.transpose_a,
          .transpose_b = s.transpose_b,
          .batch = s.batch,
          .m = s.m,
          .n = s.n,
          .k = s.k};
}

MatmulSizes sizes_of(const MatmulCase& p) noexcept {
  return {.m = static_cast<std::uint32_t>(p.m),
          .n = static_cast<std::uint32_t>(p.n),
          .k = static_cast<std::uint32_t>(p.k),
          .batch = static_cast<std::uint32_t>(p.batch),
          .transpose_a = p.transpose_a,
          .transpose_b = p.transpose_b,
          .in = p.dtype,
          .out = result_dtype(p.dtype)};
}

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
// What this process knows of how products run best.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "lib/ops/matmul/plan/plan.hpp"
#include "lib/ops/matmul/tuning/tuning_table.hpp"

namespace dovetail::detail {

/// What the user's file and this process say, before what comes with the library. Thread-safe.
class LiveTuning {
 public:
  /// The process's; reads the user's file at the first call.
  static LiveTuning& instance();

  /// What is known of a case, or of one near it; else an empty choice.
  MatmulTuning find(const Device& device, const MatmulCase& product) const;
  /// Whether the user or this process said something of exactly this case.
  bool has(const Device& device, const MatmulCase& product) const;
  void set(TuningEntry entry);
  void merge(const TuningTable& table);
  /// Adds to what a file has what is known here: what this process set replaces the file's entry of
  /// the same case, what was only read does not. Entries of other versions of the library are
  /// dropped.
  TuningTable added_to(const TuningTable& file) const;

  /// Grows with each change, so that plans made before can be told.
  std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }

 private:
  LiveTuning();

  const TuningTable shipped_;
  mutable std::mutex mutex_;
  TuningTable user_;
  std::atomic<std::uint64_t> version_{0};
};

MatmulCase case_of(const MatmulSizes& sizes) noexcept;
/// The sizes are from 1 to 2^31 - 1.
DOVETAIL_EXPORT MatmulSizes sizes_of(const MatmulCase& product) noexcept;

}  // namespace dovetail::detail

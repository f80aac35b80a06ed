// SPDX-License-Identifier: Apache-2.0
// What was measured about products, as a file holds it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dovetail/core/export.hpp"
#include "dovetail/ops/matmul_tuning.hpp"

namespace dovetail::detail {

struct TuningEntry {
  /// As device_key() gives it; in the table that comes with the library also as device_class().
  std::string device;
  MatmulCase product;
  MatmulTuning tuning;
  bool is_set = false;  ///< By this process, which knows better than a file.

  /// Returns whether this version of the library has such a kernel.
  bool is_known() const;
};

/// Not thread-safe.
class DOVETAIL_EXPORT TuningTable {
 public:
  /// One line for each entry, after a header: device,dtype,transpose_a,transpose_b,batch,m,n,k,
  /// backend,choice.
  /// @throws InvalidArgument  a line is malformed; names `function`, `source` and the line's
  /// number.
  static TuningTable parse(std::string_view text, std::string_view source,
                           std::string_view function = "load_matmul_tuning");
  /// @throws InvalidArgument  the file cannot be read, or a line is malformed.
  static TuningTable read(const std::filesystem::path& file);
  std::string text() const;

  /// Replaces what there is for the same device and case.
  void set(TuningEntry entry);
  void merge(const TuningTable& other);

  /// The entry for this case, or for the nearest one whose sizes differ by half a doubling in all.
  const MatmulTuning* find(std::string_view device, const MatmulCase& product) const;

  const std::vector<TuningEntry>& entries() const noexcept { return entries_; }

 private:
  std::vector<TuningEntry> entries_;
  std::unordered_map<std::string, std::size_t> places_;  // of an entry, by its device and case
};

/// "cpu/16", with the floats of its registers, or "gpu", ...: what entries for a kind of device are
/// under.
std::string device_class(const Device& device);
/// The device's name as a line holds it.
DOVETAIL_EXPORT std::string device_key(const Device& device);

}  // namespace dovetail::detail

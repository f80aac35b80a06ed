// SPDX-License-Identifier: Apache-2.0
// Which backend and which parameters a product runs with, by measurement.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dovetail/core/device.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/ops/matmul.hpp"

namespace dovetail {

/// A product, as far as its speed depends on it; sizes as in `matmul`, none of them 0.
struct MatmulCase {
  DType dtype = DType::f32;  ///< Of the operands.
  bool transpose_a = false, transpose_b = false;
  std::int64_t batch = 1, m = 1, n = 1, k = 1;

  friend bool operator==(const MatmulCase&, const MatmulCase&) = default;
};

/// How a product runs.
struct MatmulTuning {
  /// What `MatmulBackend::automatic` takes: `kernel`, or `clblast` for what CLBlast offers, outside
  /// captures.
  MatmulBackend backend = MatmulBackend::kernel;
  /// What `MatmulBackend::kernel` takes: a kernel and its parameters, one of `matmul_choices`.
  std::string choice{};

  friend bool operator==(const MatmulTuning&, const MatmulTuning&) = default;
};

/// Returns the backend and kernel that `matmul` would use. It takes the exact entry if there is
/// one, else the nearest entry (product of size ratios at most 1.41), else the built-in rule.
/// @throws InvalidArgument  a size below 1, or a dtype that is not multiplied.
/// Thread-safe, as are all functions of this header.
[[nodiscard]] DOVETAIL_EXPORT MatmulTuning matmul_tuning(const Device& device,
                                                         const MatmulCase& product);

/// Returns whether exactly this case was set in this process, or by the user's file.
[[nodiscard]] DOVETAIL_EXPORT bool has_matmul_tuning(const Device& device,
                                                     const MatmulCase& product);

/// Returns the choices that are worth timing, the one by rule first, such as
/// "tile 64x32s4 parts=1": a kernel, its variant and its parameters.
/// @throws InvalidArgument  a size below 1, or a dtype that is not multiplied.
[[nodiscard]] DOVETAIL_EXPORT std::vector<std::string> matmul_choices(const Device& device,
                                                                      const MatmulCase& product);

/// Sets how products of this case run in this process from now on. An empty choice is that by rule.
/// @throws InvalidArgument  a size below 1, a dtype that is not multiplied, a choice that cannot
///                          run the product, or a backend that is neither `kernel` nor
///                          `clblast`.
DOVETAIL_EXPORT void set_matmul_tuning(const Device& device, const MatmulCase& product,
                                       const MatmulTuning& tuning);

/// Returns the path of the user's file, which is read at the first product of a process: the one
/// that the variable DOVETAIL_TUNING_FILE names (empty: none), else dovetail/matmul.csv in
/// XDG_CONFIG_HOME or ~/.config. Its entries go before those that come with the library. A file
/// that exists and cannot be used is ignored, with a line on stderr.
[[nodiscard]] DOVETAIL_EXPORT std::optional<std::string> matmul_tuning_file();

/// Sets all entries of the file.
/// @return  The number of its lines.
/// @throws InvalidArgument  the file cannot be read or has more than 16 MiB, or a line of it is
///                          malformed or names a kernel that this version has not; then nothing is
///                          set.
DOVETAIL_EXPORT std::size_t load_matmul_tuning(const std::string& file);

/// Adds all that was set or loaded in this process to the file, atomically: a reader sees the old
/// file or the new one. What was set replaces the file's line for the same case; what was only
/// loaded does not, since another process may have measured again. Processes that save to one file
/// at once lose nothing: each holds a lock meanwhile, on a file with ".lock" added to the name,
/// which stays. Keeps the file's permissions, and a symbolic link to it. Makes the folders that are
/// missing.
/// @throws Error  it cannot be written, or is a directory.
/// @throws InvalidArgument  the file is there and has a line that is malformed; then it stays.
DOVETAIL_EXPORT void save_matmul_tuning(const std::string& file);

}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// Finds how products run fastest on a device.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "dovetail/ops/matmul_tuning.hpp"
#include "tools/matmul/shapes.hpp"
#include "tools/results.hpp"

namespace dovetail::tool {

struct TuneOptions {
  std::vector<MatmulShape> shapes;
  DType dtype = DType::f32;
  std::filesystem::path file;  ///< Holds what was found; grows with each shape.
  bool again = false;          ///< Also the cases that the file has.
  bool quick = false;
  std::uint64_t seed = 1;
};

/// What was found for one case.
struct TuneRow {
  MatmulCase product;
  MatmulTuning tuning;
  std::size_t choices = 0;                        ///< That were timed.
  double us_by_rule = 0, us = 0, us_clblast = 0;  ///< Medians; 0 of who did not take part.
};

/// Times the choices for each shape and writes the fastest to the file, which it reads first: what
/// was broken off goes on where it stood. The file then also has what the user's own says. A choice
/// that fails, or whose result is wrong by a reference computed in double, is reported and never
/// taken.
/// @throws VerificationFailed  no choice gives the right product; the file keeps what was found.
/// @throws InvalidArgument  the file cannot be read or holds something else.
/// @throws Error  it cannot be written, which is tried first.
std::vector<TuneRow> run_tune(const TuneOptions& options, Results& results);

/// Sets what was found, and adds it to the file, which another tuner may have written to meanwhile.
void keep(const TuneRow& row, const std::filesystem::path& file);

nlohmann::json to_json(const std::vector<TuneRow>& rows);
std::string table(const std::vector<TuneRow>& rows);

}  // namespace dovetail::tool

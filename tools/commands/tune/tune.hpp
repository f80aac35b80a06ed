// SPDX-License-Identifier: Apache-2.0
// The shapes of `dovetail tune`, one after another.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "dovetail/ops/matmul_tuning.hpp"
#include "tools/commands/matmul/shapes.hpp"
#include "tools/results/results.hpp"

namespace dovetail::tool {

struct TuneOptions {
  std::vector<MatmulShape> shapes;
  DType dtype = DType::f32;
  std::filesystem::path file;  ///< Of the results; grows with each shape.
  bool again = false;          ///< Tune also the cases that the file has.
  bool quick = false;
  std::uint64_t seed = 1;
};

/// The fastest choice for one case.
struct TuneRow {
  MatmulCase product;
  MatmulTuning tuning;
  std::size_t choices = 0;                        ///< The number of those timed.
  double us_by_rule = 0, us = 0, us_clblast = 0;  ///< Medians; 0 of what was not timed.
};

/// Times the choices for each shape and writes the fastest to the file. It reads the file first, so
/// that an interrupted run continues. The file also gets the entries of the user's own file.
/// `results` gets each choice that fails, or whose result differs from a reference in double; such
/// a choice is never taken.
/// @throws VerificationFailed  no choice gives the right product; the file keeps its entries.
/// @throws InvalidArgument     the file cannot be read, or is no tuning file.
/// @throws Error               the file cannot be written, which is tried first.
std::vector<TuneRow> run_tune(const TuneOptions& options, Results& results);

/// Sets the tuning of a case, and adds it to the file, to which other tuners may write too.
void keep(const TuneRow& row, const std::filesystem::path& file);

nlohmann::json to_json(const std::vector<TuneRow>& rows);
std::string table(const std::vector<TuneRow>& rows);

}  // namespace dovetail::tool

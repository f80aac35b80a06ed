// SPDX-License-Identifier: Apache-2.0
// The options that every command has which uses a device.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/command.hpp"
#include "tools/results/results.hpp"

namespace dovetail::tool {

inline ExitCode exit_code(const Results& results) {
  return results.verified ? ExitCode::done : ExitCode::wrong_result;
}

struct CommonOptions {
  std::string device;
  std::string json;  ///< Empty: none; "-": standard output.
  bool quick = false;
  std::uint64_t seed = 1;

  void add_to(CLI::App& app);

  /// Makes the choice of device this process's and its workers'.
  /// @throws InvalidArgument  the JSON cannot be written.
  void apply() const;

  /// Prints `text`, and writes the JSON to the file of --json; or prints the JSON alone.
  void show(std::string_view text, const nlohmann::ordered_json& document) const;
  /// Shows the results' tables, their JSON and what follows from them.
  ExitCode show(Results& results) const;
};

}  // namespace dovetail::tool

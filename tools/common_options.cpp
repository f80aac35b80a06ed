// SPDX-License-Identifier: Apache-2.0
#include "tools/common_options.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "dovetail/core/context.hpp"
#include "tools/output_file.hpp"
#include "tools/results/advice.hpp"
#include "tools/results/tables.hpp"
#include "tools/terminal.hpp"

namespace dovetail::tool {

void CommonOptions::add_to(CLI::App& app) {
  app.add_option("--device", device,
                 "Device: an index, a type (cpu, gpu, accelerator) or a part of a name; "
                 "default: DOVETAIL_DEVICE, else the first GPU, else the first accelerator, else "
                 "the first device");
  app.add_option("--json", json, "Write the results as JSON to FILE, or to standard output")
      ->expected(0, 1)
      ->default_str("-")
      ->type_name("FILE");
  app.add_flag("--quick", quick, "Take fewer and shorter samples");
  app.add_option("--seed", seed, "Seed of the random data")->capture_default_str();
}

void CommonOptions::apply() const {
  if (!device.empty()) ::setenv("DOVETAIL_DEVICE", device.c_str(), 1);
  if (!json.empty() && json != "-") check_writable(json);
}

void CommonOptions::show(std::string_view text, const nlohmann::ordered_json& document) const {
  const std::string dump = document.dump(2) + "\n";
  print_results(json == "-" ? dump : text);
  if (!json.empty() && json != "-") write_output(json, dump);
}

ExitCode CommonOptions::show(Results& results) const {
  results.advice = advise(results);
  const Device& used = Context::default_context().device();
  show(tables(results, used), to_json(results, used));
  return exit_code(results);
}

}  // namespace dovetail::tool

// SPDX-License-Identifier: Apache-2.0
// `dovetail tune`: finds how products run fastest on a device.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "dovetail/core/context.hpp"
#include "dovetail/core/error.hpp"
#include "tools/commands/matmul/dtypes.hpp"
#include "tools/commands/tune/tune.hpp"
#include "tools/common_options.hpp"
#include "tools/results/tables.hpp"

namespace dovetail::tool {
namespace {

class TuneCommand : public Command {
 public:
  TuneCommand()
      : Command("tune", "Finds the fastest backend and parameters for products on this device") {}

  void add_options(CLI::App& app) override {
    common_.add_to(app);
    app.add_option("--shapes", shapes_file_, "Shapes to tune; default: those of published models")
        ->type_name("FILE.csv");
    app.add_option("--sets", sets_, "Only these sets of the shapes")->delimiter(',');
    app.add_option("--dtype", dtype_, "Element type: f32, f64, f16, bf16, i8")
        ->check(CLI::IsMember(names_of_matmul_dtypes()))
        ->capture_default_str();
    app.add_option("--out", options_.file,
                   "File for the results, which is read first and keeps what it has; default: the "
                   "one that every program reads, see DOVETAIL_TUNING_FILE")
        ->type_name("FILE.csv");
    app.add_flag("--again", options_.again, "Tune also the products that the file has");
  }

  ExitCode run() override {
    common_.apply();
    if (options_.file.empty()) {
      const auto file = matmul_tuning_file();
      if (!file) throw InvalidArgument("the results have no place; name a file by --out.");
      options_.file = *file;
    }
    options_.shapes = select_shapes(shapes_file_, sets_);
    options_.dtype = dtype_named(dtype_).value();
    options_.quick = common_.quick;
    options_.seed = common_.seed;
    Results results;
    const auto rows = run_tune(options_, results);
    const Device& device = Context::default_context().device();
    auto document = to_json(results, device);
    document["tuning"] = to_json(rows);
    common_.show(
        fmt::format("{}{}{} of {} products tuned, the others were known already; {} has all.\n",
                    tables(results, device), table(rows), rows.size(), options_.shapes.size(),
                    options_.file.string()),
        document);
    return exit_code(results);
  }

 private:
  CommonOptions common_;
  TuneOptions options_;
  std::string dtype_ = "f32", shapes_file_;
  std::vector<std::string> sets_;
};

}  // namespace

std::unique_ptr<Command> make_tune_command() { return std::make_unique<TuneCommand>(); }

}  // namespace dovetail::tool

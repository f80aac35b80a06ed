// SPDX-License-Identifier: Apache-2.0
// `dovetail report`: handoff, matmul and scaling on one page.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "dovetail/core/context.hpp"
#include "dovetail/core/error.hpp"
#include "tools/commands/handoff/handoff.hpp"
#include "tools/commands/matmul/comparison.hpp"
#include "tools/commands/report/page.hpp"
#include "tools/commands/scaling/sweep.hpp"
#include "tools/common_options.hpp"
#include "tools/output_file.hpp"
#include "tools/terminal.hpp"

namespace dovetail::tool {
namespace {

class ReportCommand : public Command {
 public:
  ReportCommand() : Command("report", "Everything: terminal, JSON and an HTML page") {}

  void add_options(CLI::App& app) override {
    common_.add_to(app);
    app.add_option("--out", folder_, "Folder for report.json and report.html")
        ->capture_default_str();
  }

  ExitCode run() override {
    common_.apply();
    const auto json = folder_ / "report.json", page = folder_ / "report.html";
    make_folder();
    check_writable(json);
    check_writable(page);
    Results results;
    measure(results);
    const ExitCode code = common_.show(results);
    const auto document = to_json(results, Context::default_context().device());
    write_output(json, document.dump(2) + "\n");
    write_output(page, html_page(document));
    print_message(fmt::format("the report is in {} and {}", page.string(), json.string()));
    return code;
  }

 private:
  void make_folder() const {
    std::error_code failure;
    std::filesystem::create_directories(folder_, failure);
    if (failure) {
      throw InvalidArgument(fmt::format("--out: cannot make the folder '{}': {}; name another.",
                                        folder_.string(), failure.message()));
    }
  }

  void measure(Results& results) const {
    HandoffOptions handoff;
    ComparisonOptions matmul{.shapes = select_shapes(), .backends = select_backends()};
    ScalingOptions scaling;
    handoff.quick = matmul.quick = scaling.quick = common_.quick;
    handoff.seed = matmul.seed = scaling.seed = common_.seed;
    run_handoff(handoff, results);
    run_comparison(matmul, results);
    run_scaling(scaling, results);
  }

  CommonOptions common_;
  std::filesystem::path folder_ = "report";
};

}  // namespace

std::unique_ptr<Command> make_report_command() { return std::make_unique<ReportCommand>(); }

}  // namespace dovetail::tool

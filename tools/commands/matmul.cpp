// SPDX-License-Identifier: Apache-2.0
// `dovetail matmul`: every backend over a list of shapes.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "tools/commands/matmul/comparison.hpp"
#include "tools/commands/matmul/dtypes.hpp"
#include "tools/commands/matmul/product_calls.hpp"
#include "tools/common_options.hpp"

namespace dovetail::tool {
namespace {

class MatmulCommand : public Command {
 public:
  MatmulCommand() : Command("matmul", "Compares the matmul backends over shapes") {}

  void add_options(CLI::App& app) override {
    common_.add_to(app);
    app.add_option("--shapes", file_, "Shapes to run; default: those of published models")
        ->type_name("FILE.csv");
    app.add_option("--sets", sets_, "Only these sets of the shapes")->delimiter(',');
    app.add_option("--backends", options_.backends,
                   "automatic, clblast, kernel, reference, openblas; default: all that are "
                   "available")
        ->delimiter(',');
    app.add_option("--dtype", options_.dtypes, "Element types: f32, f64, f16, bf16, i8")
        ->delimiter(',')
        ->check(CLI::IsMember(names_of_matmul_dtypes()))
        ->capture_default_str();
  }

  ExitCode run() override {
    common_.apply();
    options_.shapes = select_shapes(file_, sets_);
    options_.backends = select_backends(options_.backends);
    options_.quick = common_.quick;
    options_.seed = common_.seed;
    Results results;
    run_comparison(options_, results);
    return common_.show(results);
  }

  void add_requests(Requests& requests, std::uint64_t /*seed*/) override {
    requests["matmul.count"] = count_product_calls;
  }

 private:
  CommonOptions common_;
  ComparisonOptions options_;
  std::string file_;
  std::vector<std::string> sets_;
};

}  // namespace

std::unique_ptr<Command> make_matmul_command() { return std::make_unique<MatmulCommand>(); }

}  // namespace dovetail::tool

// SPDX-License-Identifier: Apache-2.0
// The command-line tool: measures dispatch, hand-offs and matrix products, and reports on them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "dovetail/core/context.hpp"
#include "dovetail/core/error.hpp"
#include "dovetail/version.hpp"
#include "tools/handoff/handoff.hpp"
#include "tools/matmul/comparison.hpp"
#include "tools/matmul/dtypes.hpp"
#include "tools/output_file.hpp"
#include "tools/report/advice.hpp"
#include "tools/report/page.hpp"
#include "tools/report/tables.hpp"
#include "tools/results.hpp"
#include "tools/scaling/sweep.hpp"
#include "tools/scaling/work.hpp"
#include "tools/tune/tune.hpp"
#include "tools/worker.hpp"

namespace dovetail::tool {
namespace {

enum ExitCode { done = 0, wrong_result = 1, bad_usage = 2, no_device = 3 };

struct CommonOptions {
  std::string device;
  std::string json;  ///< Empty: none; "-": standard output.
  bool quick = false;
  std::uint64_t seed = 1;

  void add_to(CLI::App& command) {
    command.add_option(
        "--device", device,
        "Device: an index, a type (cpu, gpu, accelerator) or a part of a name; "
        "default: DOVETAIL_DEVICE, else the first GPU, else the first accelerator, else the "
        "first device");
    command.add_option("--json", json, "Write the results as JSON to FILE, or to standard output")
        ->expected(0, 1)
        ->default_str("-")
        ->type_name("FILE");
    command.add_flag("--quick", quick, "Fewer and shorter repetitions");
    command.add_option("--seed", seed, "Seed of the random data")->capture_default_str();
  }

  /// Makes the choice of device this process's and its workers'.
  /// @throws InvalidArgument  the JSON cannot be written.
  void apply() const {
    if (!device.empty()) ::setenv("DOVETAIL_DEVICE", device.c_str(), 1);
    if (!json.empty() && json != "-") check_writable(json);
  }
};

/// Parses a list of names from an option.
template <typename Enum, std::size_t Count>
std::vector<Enum> parse_names(const std::vector<std::string>& given,
                              const std::array<std::string_view, Count>& names,
                              std::string_view option) {
  std::vector<Enum> values;
  for (const std::string& name : given) {
    const auto value = from_name<Enum>(names, name);
    if (!value) {
      throw InvalidArgument(
          fmt::format("{}: '{}' is none of: {}.", option, name, fmt::join(names, ", ")));
    }
    values.push_back(*value);
  }
  return values;
}

class Tool {
 public:
  int run(int argc, char** argv);

 private:
  void add_info();
  void add_scaling();
  void add_matmul();
  void add_handoff();
  void add_report();
  void add_tune();
  void add_worker();

  void info();
  /// Ends a subcommand: tables on the terminal, JSON where it was asked for.
  void finish();
  void select_shapes();
  int report();
  void tune();

  CLI::App app_{"Dovetail: in-order OpenCL queues shared between layers, measured", "dovetail"};
  CommonOptions common_;
  ScalingOptions scaling_;
  ComparisonOptions comparison_;
  HandoffOptions handoff_;
  TuneOptions tune_;
  std::string tune_dtype_ = "f32";
  std::vector<std::string> paths_, queues_, syncs_, works_, sets_;
  std::string shapes_file_;
  std::filesystem::path out_ = "report";
  Results results_;
  int exit_code_ = done;
};

void Tool::info() {
  const std::vector<Device> devices = Device::all();
  const Device chosen = Device::default_device();
  std::string text;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const Device& device = devices[i];
    text += fmt::format(
        "{} {}: {}\n     {}, {}, driver {}\n     {} compute units, {:.1f} GiB global, {} KiB local "
        "memory, groups of up to {}\n",
        device == chosen ? "*" : " ", i, device.name(), to_string(device.type()),
        device.platform_name(), device.driver_version(), device.compute_units(),
        static_cast<double>(device.global_memory()) / (1U << 30), device.local_memory() / 1024,
        device.max_work_group_size());
  }
  if (common_.json != "-") {
    fmt::print(
        "Dovetail {}\n{}* is the device that is used; --device or DOVETAIL_DEVICE chooses.\n",
        DOVETAIL_VERSION, text);
  }
  if (!common_.json.empty()) {
    auto document = to_json(results_, chosen);
    for (const Device& device : devices) document["devices"].push_back(to_json(device));
    const std::string json = document.dump(2) + "\n";
    common_.json == "-" ? fmt::print("{}", json) : write_output(common_.json, json);
  }
}

void Tool::finish() {
  results_.advice = advise(results_);
  const Device& device = Context::default_context().device();
  const std::string json = to_json(results_, device).dump(2) + "\n";
  if (common_.json == "-") {
    fmt::print("{}", json);
  } else {
    fmt::print("{}", tables(results_, device));
    if (!common_.json.empty()) write_output(common_.json, json);
  }
  if (!results_.verified) exit_code_ = wrong_result;
}

void Tool::select_shapes() {
  auto shapes = shapes_file_.empty() ? builtin_shapes() : read_shapes(shapes_file_);
  for (const std::string& set : sets_) {
    if (std::ranges::find(shapes, set, &MatmulShape::set) == shapes.end()) {
      std::vector<std::string> sets;
      for (const MatmulShape& shape : shapes) {
        if (sets.empty() || sets.back() != shape.set) sets.push_back(shape.set);
      }
      throw InvalidArgument(
          fmt::format("--sets: there is no set '{}'; there are: {}.", set, fmt::join(sets, ", ")));
    }
  }
  if (!sets_.empty()) {
    std::erase_if(shapes, [&](const MatmulShape& shape) {
      return std::ranges::find(sets_, shape.set) == sets_.end();
    });
  }
  comparison_.shapes = std::move(shapes);
  const auto available = available_backends();
  for (const std::string& backend : comparison_.backends) {
    if (std::ranges::find(available, backend) == available.end()) {
      throw InvalidArgument(fmt::format("--backends: '{}' is not available; available are: {}.",
                                        backend, fmt::join(available, ", ")));
    }
  }
  if (comparison_.backends.empty()) comparison_.backends = available;
}

int Tool::report() {
  std::error_code failure;
  std::filesystem::create_directories(out_, failure);
  if (failure) {
    throw InvalidArgument(fmt::format("--out: cannot make the folder '{}': {}; name another.",
                                      out_.string(), failure.message()));
  }
  check_writable(out_ / "report.json");
  check_writable(out_ / "report.html");
  select_shapes();
  run_handoff(handoff_, results_);
  run_comparison(comparison_, results_);
  run_scaling(scaling_, results_);
  finish();
  const auto json = to_json(results_, Context::default_context().device());
  write_output(out_ / "report.json", json.dump(2) + "\n");
  write_output(out_ / "report.html", html_page(json));
  fmt::print(stderr, "Report: {} and {}\n", (out_ / "report.html").string(),
             (out_ / "report.json").string());
  return exit_code_;
}

void Tool::add_info() {
  CLI::App& command = *app_.add_subcommand("info", "Lists the OpenCL devices");
  common_.add_to(command);
  command.callback([this] {
    common_.apply();
    info();
  });
}

void Tool::add_scaling() {
  CLI::App& command = *app_.add_subcommand(
      "scaling", "Operations per second over threads, queues and ways to wait");
  common_.add_to(command);
  command.add_option("--threads", scaling_.threads, "Numbers of threads, such as 1,2,4")
      ->delimiter(',')
      ->check(CLI::Range(1, 256));
  command.add_option("--paths", paths_, "raw, stream, clblast, kernel")->delimiter(',');
  command.add_option("--queues", queues_, "shared, separate, pool, process")->delimiter(',');
  command.add_option("--sync", syncs_, "per_op, event, async")->delimiter(',');
  command.add_option("--work", works_, "empty, launch, memory, compute")->delimiter(',');
  command.callback([this] {
    common_.apply();
    if (!paths_.empty()) scaling_.paths = parse_names<Path>(paths_, path_names, "--paths");
    if (!queues_.empty()) scaling_.queues = parse_names<Queue>(queues_, queue_names, "--queues");
    if (!syncs_.empty()) scaling_.syncs = parse_names<Sync>(syncs_, sync_names, "--sync");
    if (!works_.empty()) scaling_.works = parse_names<Work>(works_, work_names, "--work");
    scaling_.quick = common_.quick;
    scaling_.seed = common_.seed;
    run_scaling(scaling_, results_);
    finish();
  });
}

void Tool::add_matmul() {
  CLI::App& command = *app_.add_subcommand("matmul", "Compares the matmul backends over shapes");
  common_.add_to(command);
  command.add_option("--shapes", shapes_file_, "Shapes to run; default: those of published models")
      ->type_name("FILE.csv");
  command.add_option("--sets", sets_, "Only these sets of the shapes")->delimiter(',');
  command
      .add_option("--backends", comparison_.backends,
                  "automatic, clblast, kernel, reference, openblas; default: all that are there")
      ->delimiter(',');
  command.add_option("--dtype", comparison_.dtypes, "Element types: f32, f64, f16, bf16, i8")
      ->delimiter(',')
      ->check(CLI::IsMember(names_of_matmul_dtypes()))
      ->capture_default_str();
  command.callback([this] {
    common_.apply();
    select_shapes();
    comparison_.quick = common_.quick;
    comparison_.seed = common_.seed;
    run_comparison(comparison_, results_);
    finish();
  });
}

void Tool::add_handoff() {
  CLI::App& command = *app_.add_subcommand(
      "handoff", "Passes data between layers on a shared queue, with events and with finishes");
  common_.add_to(command);
  command.add_option("--steps", handoff_.steps, "Steps of one repetition")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command.callback([this] {
    common_.apply();
    handoff_.quick = common_.quick;
    handoff_.seed = common_.seed;
    run_handoff(handoff_, results_);
    finish();
  });
}

void Tool::add_report() {
  CLI::App& command = *app_.add_subcommand("report", "Everything: terminal, JSON and an HTML page");
  common_.add_to(command);
  command.add_option("--out", out_, "Folder for report.json and report.html")
      ->capture_default_str();
  command.callback([this] {
    common_.apply();
    scaling_.quick = comparison_.quick = handoff_.quick = common_.quick;
    scaling_.seed = comparison_.seed = handoff_.seed = common_.seed;
    exit_code_ = report();
  });
}

void Tool::tune() {
  if (tune_.file.empty()) {
    const auto file = matmul_tuning_file();
    if (!file) throw InvalidArgument("there is no home for the results; name a file by --out.");
    tune_.file = *file;
  }
  select_shapes();
  tune_.shapes = comparison_.shapes;
  tune_.dtype = dtype_named(tune_dtype_).value();
  tune_.quick = common_.quick;
  tune_.seed = common_.seed;
  const auto rows = run_tune(tune_, results_);
  const Device& device = Context::default_context().device();
  auto document = to_json(results_, device);
  document["tuning"] = to_json(rows);
  const std::string json = document.dump(2) + "\n";
  if (common_.json == "-") {
    fmt::print("{}", json);
  } else {
    fmt::print("{}{}{} of {} products tuned, the others were known already; {} has all.\n",
               tables(results_, device), table(rows), rows.size(), tune_.shapes.size(),
               tune_.file.string());
    if (!common_.json.empty()) write_output(common_.json, json);
  }
  if (!results_.verified) exit_code_ = wrong_result;
}

void Tool::add_tune() {
  CLI::App& command = *app_.add_subcommand(
      "tune", "Finds the fastest backend and parameters for products on this device");
  common_.add_to(command);
  command
      .add_option("--shapes", shapes_file_, "Shapes to tune; default: those of published models")
      ->type_name("FILE.csv");
  command.add_option("--sets", sets_, "Only these sets of the shapes")->delimiter(',');
  command.add_option("--dtype", tune_dtype_, "Element type: f32, f64, f16, bf16, i8")
      ->check(CLI::IsMember(names_of_matmul_dtypes()))
      ->capture_default_str();
  command
      .add_option("--out", tune_.file,
                  "File for the results and those known before, which is read first; default: the "
                  "one that every program reads, see DOVETAIL_TUNING_FILE")
      ->type_name("FILE.csv");
  command.add_flag("--again", tune_.again, "Also what the file has already");
  command.callback([this] {
    common_.apply();
    tune();
  });
}

void Tool::add_worker() {
  CLI::App& command = *app_.add_subcommand("worker", "")->group("");  // hidden: for the tool itself
  command.add_option("--seed", common_.seed);
  command.callback([this] { exit_code_ = serve_as_worker(common_.seed); });
}

int Tool::run(int argc, char** argv) {
  app_.set_version_flag("--version", DOVETAIL_VERSION);
  app_.require_subcommand(1);
  add_info();
  add_scaling();
  add_matmul();
  add_handoff();
  add_report();
  add_tune();
  add_worker();
  try {
    app_.parse(argc, argv);
    return exit_code_;
  } catch (const CLI::RequiredError& error) {
    const auto unknown = app_.remaining();
    if (unknown.empty()) return app_.exit(error), bad_usage;
    fmt::print(stderr, "dovetail: there is no subcommand '{}'; --help lists those there are.\n",
               unknown.front());
    return bad_usage;
  } catch (const CLI::ParseError& error) {
    return app_.exit(error) == 0 ? done : bad_usage;
  } catch (const VerificationFailed& error) {
    fmt::print(stderr, "dovetail: {}\n", error.what());
    return wrong_result;
  } catch (const NoDevice& error) {
    fmt::print(stderr, "dovetail: {}\n", error.what());
    return no_device;
  } catch (const std::exception& error) {
    fmt::print(stderr, "dovetail: {}\n", error.what());
    return bad_usage;
  }
}

}  // namespace
}  // namespace dovetail::tool

int main(int argc, char** argv) { return dovetail::tool::Tool().run(argc, argv); }

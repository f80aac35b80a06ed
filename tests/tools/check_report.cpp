// SPDX-License-Identifier: Apache-2.0
// Checks a report.json of `dovetail report`: every row that was asked for is there, and every
// figure is one. Usage: dovetail_check_report FILE
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace {

using Json = nlohmann::json;

class Check {
 public:
  explicit Check(const Json& report) : report_(report) {}

  int run() {
    expect(report_.at("schema") == 1, "schema is 1");
    for (const char* field : {"name", "platform", "driver", "type"}) {
      expect(!report_.at("device").at(field).get<std::string>().empty(),
             fmt::format("device.{} is given", field));
    }
    expect(report_.at("device").at("compute_units") > 0, "device.compute_units is positive");
    expect(report_.at("host").at("cores") > 0, "host.cores is positive");
    scaling();
    handoff();
    peak();
    matmul();
    expect(!report_.at("advice").empty(), "there is advice");
    if (failures_ == 0) fmt::print("{} checks of the report passed\n", checks_);
    return failures_ == 0 ? 0 : 1;
  }

 private:
  void expect(bool holds, const std::string& what) {
    ++checks_;
    if (!holds) {
      ++failures_;
      fmt::print(stderr, "failed: {}\n", what);
    }
  }

  void expect_positive(const Json& figure, const std::string& what) {
    expect(figure.is_number() && std::isfinite(figure.get<double>()) && figure.get<double>() > 0,
           fmt::format("{} is positive and finite: {}", what, figure.dump()));
  }

  void expect_spread(const Json& spread, const std::string& what) {
    for (const char* part : {"min", "median", "max"}) expect_positive(spread.at(part), what + part);
    expect(spread.at("min") <= spread.at("median") && spread.at("median") <= spread.at("max"),
           what + "min <= median <= max");
  }

  void scaling() {
    std::set<std::string> found;
    for (const Json& row : report_.at("scaling")) {
      const std::string cell =
          fmt::format("{} {} {} {} {}", row.at("path").get<std::string>(),
                      row.at("queue").get<std::string>(), row.at("sync").get<std::string>(),
                      row.at("work").get<std::string>(), row.at("threads").get<int>());
      found.insert(cell);
      expect_positive(row.at("ops"), cell + " ops");
      expect_spread(row.at("ops_per_s"), cell + " ops_per_s ");
      expect_positive(row.at("speedup"), cell + " speedup");
      expect_positive(row.at("efficiency"), cell + " efficiency");
      expect_positive(row.at("calls_per_op").at("clEnqueueNDRangeKernel"), cell + " calls_per_op");
    }
    for (const char* path : {"raw", "stream", "clblast", "kernel"}) {
      for (const char* queue : {"shared", "separate", "pool", "process"}) {
        for (const char* sync : {"per_op", "event", "async"}) {
          for (const char* work : {"empty", "launch", "memory", "compute"}) {
            for (const int threads : {1, 2, 4, 8, 16}) {
              const auto cell = fmt::format("{} {} {} {} {}", path, queue, sync, work, threads);
              expect(found.contains(cell), "scaling has " + cell);
            }
          }
        }
      }
    }
  }

  void handoff() {
    std::set<std::string> found;
    for (const Json& row : report_.at("handoff")) {
      const auto queues = row.at("queues").get<std::string>();
      const auto name = row.at("scenario").get<std::string>() + " " + queues;
      found.insert(name);
      expect_spread(row.at("us_per_step"), name + " us_per_step ");
      const double waits = queues == "shared" ? 0 : 2;
      expect(row.at("waits_per_step") == waits,
             fmt::format("{} waits {} times a step", name, waits));
      const double own = row.at("scenario") == "vendor_matmul" ? 3 : 0;
      expect(row.at("elided_per_step") == std::max(own, 2 - waits), name + " elides the others");
      expect(row.at("bytes_copied_per_step") == 0, name + " copies nothing");
    }
    for (const char* scenario : {"kernel_and_tensor", "vendor_matmul"}) {
      for (const char* queues : {"shared", "event", "finish"}) {
        expect(found.contains(fmt::format("{} {}", scenario, queues)),
               fmt::format("handoff has {} {}", scenario, queues));
      }
    }
  }

  void peak() {
    const Json& peak = report_.at("peak");
    for (const char* rate : {"f32_gflops", "triad_gb_s", "read_gb_s"}) {
      expect_spread(peak.at(rate), fmt::format("peak {} ", rate));
    }
    if (!peak.at("f64_gflops").is_null()) expect_spread(peak.at("f64_gflops"), "peak f64_gflops ");
    expect_positive(peak.at("array_bytes"), "peak array_bytes");
  }

  /// The calls of one product, which must add up.
  void calls(const Json& calls, const std::string& what) {
    std::uint64_t sum = 0;
    for (const Json& count : calls.at("by_name")) sum += count.get<std::uint64_t>();
    expect(calls.at("total") == sum, what + " add up");
    expect(calls.at("by_name").contains("clEnqueueNDRangeKernel"), what + " have a launch");
  }

  void matmul_row(const Json& row, const std::string& name) {
    expect(row.at("dtype") == "f32", name + " dtype");
    expect_spread(row.at("us"), name + " us ");
    expect_positive(row.at("enqueue_us"), name + " enqueue_us");
    expect_positive(row.at("gflops"), name + " gflops");
    expect_positive(row.at("flop_per_byte"), name + " flop_per_byte");
    const bool is_openblas = row.at("backend") == "openblas";
    if (!is_openblas || report_.at("device").at("type") == "cpu") {
      expect_positive(row.at("fraction_of_peak"), name + " fraction_of_peak");
    }
    if (is_openblas) {
      expect_positive(row.at("threads"), name + " threads");
    } else {
      calls(row.at("calls").at("new_arguments"), name + " calls with new arguments");
      calls(row.at("calls").at("same_arguments"), name + " calls with the same arguments");
    }
    const Json& error = row.at("relative_error");
    expect(error.is_number() && error >= 0 && error < 1e-5, name + " relative_error below 1e-5");
  }

  void matmul() {
    std::set<std::string> backends;
    std::set<std::string> shapes;
    for (const Json& row : report_.at("matmul")) {
      const auto backend = row.at("backend").get<std::string>();
      const auto shape =
          fmt::format("{}x{}x{}x{} {}{}", row.at("batch").get<int>(), row.at("m").get<int>(),
                      row.at("n").get<int>(), row.at("k").get<int>(),
                      row.at("transpose_a").get<bool>(), row.at("transpose_b").get<bool>());
      const auto name = backend + " " + shape;
      backends.insert(backend);
      shapes.insert(shape);
      matmul_row(row, name);
    }
    for (const char* backend : {"automatic", "clblast", "kernel", "reference"}) {
      expect(backends.contains(backend), fmt::format("matmul has backend {}", backend));
    }
    expect(shapes.size() >= 40, fmt::format("matmul has 40 shapes: {}", shapes.size()));
  }

  const Json& report_;
  int checks_ = 0;
  int failures_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: dovetail_check_report FILE\n");
    return 2;
  }
  try {
    const Json report = Json::parse(std::ifstream(argv[1]));
    return Check(report).run();
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[1], error.what());
    return 1;
  }
}

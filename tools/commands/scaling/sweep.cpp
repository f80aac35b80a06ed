// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/scaling/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "tools/commands/scaling/run_cell.hpp"
#include "tools/measure/backends.hpp"
#include "tools/measure/effort.hpp"
#include "tools/measure/verification.hpp"
#include "tools/measure/worker.hpp"
#include "tools/terminal.hpp"

namespace dovetail::tool {

static void to_json(nlohmann::json& json, const Cell& cell) {
  json = {static_cast<int>(cell.path), static_cast<int>(cell.queue), static_cast<int>(cell.sync),
          static_cast<int>(cell.work), cell.threads};
}

static void from_json(const nlohmann::json& json, Cell& cell) {
  cell = {static_cast<Path>(json.at(0).get<int>()), static_cast<Queue>(json.at(1).get<int>()),
          static_cast<Sync>(json.at(2).get<int>()), static_cast<Work>(json.at(3).get<int>()),
          json.at(4).get<unsigned>()};
}

namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

/// Runs cells whose threads are processes.
class ProcessRunner {
 public:
  explicit ProcessRunner(std::uint64_t seed) : seed_(seed) {}

  void prepare(const Cell& cell) {
    while (workers_.size() < cell.threads) workers_.push_back(std::make_unique<Worker>(seed_));
    for_each(cell, {{"do", "scaling.prepare"}, {"cell", alone(cell)}}, [](const Json&) {});
  }

  CellRunner::Timing run(const Cell& cell, std::uint64_t ops) {
    const std::uint64_t per_worker = std::max<std::uint64_t>(1, ops / cell.threads);
    // By then every worker has the request.
    const auto start = Clock::now() + std::chrono::microseconds(500 + 100 * cell.threads);
    CellRunner::Timing timing{
        .start = Clock::time_point::max(), .end = {}, .ops = per_worker * cell.threads};
    for_each(cell,
             {{"do", "scaling.run"},
              {"cell", alone(cell)},
              {"ops", per_worker},
              {"start", start.time_since_epoch().count()}},
             [&](const Json& reply) {
               const auto point = [&](const char* key) {
                 return Clock::time_point(Clock::duration(reply.at(key).get<Clock::rep>()));
               };
               timing.start = std::min(timing.start, point("start"));
               timing.end = std::max(timing.end, point("end"));
             });
    return timing;
  }

 private:
  /// Returns what one worker runs: the cell with one thread.
  static Cell alone(Cell cell) {
    cell.threads = 1;
    return cell;
  }

  template <typename Receive>
  void for_each(const Cell& cell, const Json& request, Receive receive) {
    for (unsigned i = 0; i < cell.threads; ++i) workers_[i]->send(request);
    std::exception_ptr failure;  // thrown once no answer is outstanding
    for (unsigned i = 0; i < cell.threads; ++i) {
      try {
        receive(workers_[i]->receive());
      } catch (...) {
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  }

  std::uint64_t seed_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

constexpr std::uint64_t most_ops = 20000;
constexpr Effort quick_effort{.seconds = 0.006, .samples = 3};
constexpr Effort full_effort{.seconds = 0.040, .samples = 5};

class Sweep {
 public:
  Sweep(const ScalingOptions& options, Results& results)
      : effort_(options.quick ? quick_effort : full_effort),
        threads_(Context::default_context(), options.seed),
        processes_(options.seed),
        counter_(start_counting_worker(options.seed, "scaling: calls_per_op", results)) {}

  ScalingRow measure(const Cell& cell) {
    prepare(cell);
    const std::uint64_t ops = ops_for(cell);
    std::vector<double> ops_per_s;
    std::uint64_t done = 0;
    for (std::size_t i = 0; i < effort_.samples; ++i) {
      const auto timing = run(cell, ops);
      done = timing.ops;
      ops_per_s.push_back(static_cast<double>(timing.ops) / timing.seconds());
    }
    return {.path = std::string(name_of(cell.path)),
            .queue = std::string(name_of(cell.queue)),
            .sync = std::string(name_of(cell.sync)),
            .work = std::string(name_of(cell.work)),
            .threads = cell.threads,
            .ops = done,
            .ops_per_s = Spread::of(std::move(ops_per_s)),
            .calls_per_op = count_calls(cell)};
  }

 private:
  void prepare(const Cell& cell) {
    cell.queue == Queue::process ? processes_.prepare(cell) : threads_.prepare(cell);
  }

  CellRunner::Timing run(const Cell& cell, std::uint64_t ops) {
    return cell.queue == Queue::process ? processes_.run(cell, ops) : threads_.run(cell, ops);
  }

  /// Returns how many operations take about the time of a sample. Measures it on the first number
  /// of threads of a path, queue, sync and work. The cell is warm afterwards.
  std::uint64_t ops_for(const Cell& cell) {
    const auto place = calibrated_.find({cell.path, cell.queue, cell.sync, cell.work});
    if (place != calibrated_.end()) {
      run(cell, cell.threads);
      return std::max<std::uint64_t>(place->second, cell.threads);
    }
    std::uint64_t ops = cell.threads;
    while (ops < most_ops) {
      const double seconds = run(cell, ops).seconds();
      if (seconds >= effort_.seconds / 2) break;
      const double factor = std::clamp(0.9 * effort_.seconds / std::max(seconds, 1e-6), 2.0, 16.0);
      ops = std::min(most_ops, static_cast<std::uint64_t>(static_cast<double>(ops) * factor));
    }
    calibrated_[{cell.path, cell.queue, cell.sync, cell.work}] = ops;
    return ops;
  }

  std::map<std::string, double> count_calls(Cell cell) {
    if (!counter_) return {};
    // All processes make equal calls; one is enough.
    if (cell.queue == Queue::process) cell.threads = 1;
    const Json request = {{"do", "scaling.count"}, {"cell", cell}};
    return counter_->ask(request).get<std::map<std::string, double>>();
  }

  Effort effort_;
  std::map<std::tuple<Path, Queue, Sync, Work>, std::uint64_t> calibrated_;
  CellRunner threads_;
  ProcessRunner processes_;
  std::unique_ptr<Worker> counter_;
};

/// Sets each row's speedup over the row with one thread.
void relate_to_one_thread(std::vector<ScalingRow>& rows) {
  for (ScalingRow& row : rows) {
    const auto one = std::ranges::find_if(rows, [&](const ScalingRow& other) {
      return other.threads == 1 && other.path == row.path && other.queue == row.queue &&
             other.sync == row.sync && other.work == row.work;
    });
    row.speedup = row.ops_per_s.median / one->ops_per_s.median;
    row.efficiency = row.speedup / std::min(row.threads, host_cores());
  }
}

}  // namespace

void run_scaling(const ScalingOptions& options, Results& results) {
  std::vector<unsigned> thread_counts = options.threads;
  if (std::ranges::find(thread_counts, 1U) == thread_counts.end()) {
    thread_counts.insert(thread_counts.begin(), 1);  // what speedups relate to
  }
  std::vector<Cell> cells;
  for (const Path path : options.paths) {
    if (path == Path::clblast && !has_clblast()) {
      results.skip("scaling: path clblast", no_clblast);
      continue;
    }
    for (const Work work : options.works) {
      for (const Queue queue : options.queues) {
        for (const Sync sync : options.syncs) {
          for (const unsigned threads : thread_counts) {
            cells.push_back({path, queue, sync, work, threads});
          }
        }
      }
    }
  }
  Sweep sweep(options, results);
  std::set<std::pair<Path, Work>> wrong;
  Progress progress("scaling", cells.size());
  for (const Cell& cell : cells) {
    progress.step(fmt::format("{} {} {} {} x{}", name_of(cell.path), name_of(cell.work),
                              name_of(cell.queue), name_of(cell.sync), cell.threads));
    if (wrong.contains({cell.path, cell.work})) continue;
    try {
      results.scaling.push_back(sweep.measure(cell));
    } catch (const VerificationFailed& failure) {
      wrong.insert({cell.path, cell.work});
      results.reject(
          fmt::format("scaling: path {}, work {}", name_of(cell.path), name_of(cell.work)),
          failure.what());
    }
  }
  relate_to_one_thread(results.scaling);
}

void add_scaling_requests(Requests& requests, std::uint64_t seed) {
  const auto runner = [place = std::make_shared<std::optional<CellRunner>>(),
                       seed]() -> CellRunner& {
    if (!*place) place->emplace(Context::default_context(), seed);
    return **place;
  };
  requests["scaling.prepare"] = [runner](const Json& request) {
    runner().prepare(request.at("cell").get<Cell>());
    return Json::object();
  };
  requests["scaling.count"] = [runner](const Json& request) {
    const Cell cell = request.at("cell").get<Cell>();
    runner().prepare(cell);
    return Json(runner().count_calls(cell));
  };
  requests["scaling.run"] = [runner](const Json& request) -> Json {
    const Clock::time_point start{Clock::duration(request.at("start").get<Clock::rep>())};
    const auto timing =
        runner().run(request.at("cell").get<Cell>(), request.at("ops").get<std::uint64_t>(), start);
    return {{"start", timing.start.time_since_epoch().count()},
            {"end", timing.end.time_since_epoch().count()}};
  };
}

}  // namespace dovetail::tool

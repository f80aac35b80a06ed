// SPDX-License-Identifier: Apache-2.0
#include "tools/report/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dovetail::tool {
namespace {

/// Differences smaller than this are the noise of a shared machine.
constexpr double noticeable = 1.15;

class ScalingTable {
 public:
  explicit ScalingTable(const std::vector<ScalingRow>& rows) : rows_(rows) {
    for (const ScalingRow& row : rows) most_threads_ = std::max(most_threads_, row.threads);
  }
  unsigned most_threads() const { return most_threads_; }

  const ScalingRow* find(std::string_view path, std::string_view queue, std::string_view sync,
                         std::string_view work, unsigned threads) const {
    const auto found = std::ranges::find_if(rows_, [&](const ScalingRow& row) {
      return row.path == path && row.queue == queue && row.sync == sync && row.work == work &&
             row.threads == threads;
    });
    return found == rows_.end() ? nullptr : &*found;
  }
  /// Median operations per second; 0 if that cell was not measured.
  double rate(std::string_view path, std::string_view queue, std::string_view sync,
              std::string_view work, unsigned threads) const {
    const ScalingRow* row = find(path, queue, sync, work, threads);
    return row == nullptr ? 0 : row->ops_per_s.median;
  }

 private:
  const std::vector<ScalingRow>& rows_;
  unsigned most_threads_ = 1;
};

using Findings = std::vector<Advice>;

void advise_on_queues(const ScalingTable& table, Findings& findings) {
  const unsigned threads = table.most_threads();
  const double shared = table.rate("stream", "shared", "per_op", "launch", threads);
  const double separate = table.rate("stream", "separate", "per_op", "launch", threads);
  if (shared == 0 || separate == 0) return;
  const double ratio = shared / separate;
  std::string text = fmt::format(
      "With {} threads that launch small kernels and wait for each, one shared queue gives {:.2f}x "
      "the operations per second of a queue per thread ({:.0f} against {:.0f}): ",
      threads, ratio, shared, separate);
  text += ratio > noticeable       ? "share a queue."
          : ratio > 1 / noticeable ? "choose by what must be ordered, not by speed."
                                   : "give threads that need no common order streams of their own.";
  findings.push_back({"scaling", std::move(text)});
}

void advise_on_threads(const ScalingTable& table, Findings& findings) {
  const unsigned threads = table.most_threads();
  for (const std::string_view path : {"raw", "stream", "clblast", "kernel"}) {
    const ScalingRow* row = table.find(path, "separate", "per_op", "launch", threads);
    if (row == nullptr || threads == 1) continue;
    const char* verdict = row->speedup < noticeable
                              ? "dispatch serialises: more threads do not help"
                          : row->efficiency < 0.6 ? "dispatch serialises in part"
                                                  : "dispatch scales with the cores";
    findings.push_back(
        {"scaling",
         fmt::format("Path {}, small operations waited for one by one, a queue per thread: "
                     "{:.2f}x from 1 to {} threads; {}.",
                     path, row->speedup, threads, verdict)});
  }
}

void advise_on_waiting(const ScalingTable& table, Findings& findings) {
  const double waiting = table.rate("stream", "shared", "per_op", "launch", 1);
  const double async = table.rate("stream", "shared", "async", "launch", 1);
  if (waiting == 0 || async == 0) return;
  findings.push_back(
      {"scaling",
       fmt::format("One thread dispatches {:.1f}x as many small kernels when it waits once at "
                   "the end rather than after each ({:.0f} against {:.0f} per second): leave "
                   "out every wait that the queue's order makes needless.",
                   async / waiting, async, waiting)});
}

void advise_on_processes(const ScalingTable& table, Findings& findings) {
  const unsigned threads = table.most_threads();
  const double processes = table.rate("stream", "process", "per_op", "launch", threads);
  const double shared = table.rate("stream", "shared", "per_op", "launch", threads);
  if (processes == 0 || shared == 0) return;
  const double ratio = processes / shared;
  findings.push_back(
      {"scaling",
       fmt::format("{} processes reach {:.2f}x the rate of as many threads on one shared "
                   "queue: {}.",
                   threads, ratio,
                   ratio > noticeable ? "a process pool does get round a lock here, at the "
                                        "price of contexts that share nothing"
                                      : "a process pool gains nothing here")});
}

void advise_on_overhead(const ScalingTable& table, Findings& findings) {
  const double raw = table.rate("raw", "shared", "async", "launch", 1);
  const double stream = table.rate("stream", "shared", "async", "launch", 1);
  if (raw == 0 || stream == 0) return;
  findings.push_back(
      {"scaling", fmt::format("Dovetail's checked launch runs at {:.2f}x the rate of the "
                              "same OpenCL calls made by hand.",
                              stream / raw)});
}

void advise_on_handoff(const std::vector<HandoffRow>& rows, Findings& findings) {
  for (const HandoffRow& shared : rows) {
    if (shared.queues != "shared") continue;
    for (const HandoffRow& other : rows) {
      if (other.scenario != shared.scenario || other.queues == "shared") continue;
      std::string text = fmt::format(
          "{}: {} at each boundary cost {:.2f}x the time of a shared queue ({:.1f} against {:.1f} "
          "us per step",
          shared.scenario,
          other.queues == "event" ? "separate queues with an event"
                                  : "separate queues with a host finish",
          other.us_per_step.median / shared.us_per_step.median, other.us_per_step.median,
          shared.us_per_step.median);
      if (other.counts && shared.counts) {
        text += fmt::format("; {:.0f} waits per step against {:.0f}", other.counts->waits,
                            shared.counts->waits);
      }
      findings.push_back({"handoff", text + ")."});
    }
  }
}

/// Geometric mean of ratio(row of `backend`, row of `baseline`) over the shapes that both have; 0
/// if there is none.
template <typename Ratio>
double geometric_mean(const std::vector<MatmulRow>& rows, std::string_view backend,
                      std::string_view baseline, Ratio ratio) {
  double log_sum = 0;
  int count = 0;
  for (const MatmulRow& row : rows) {
    if (row.backend != backend) continue;
    const auto other = std::ranges::find_if(rows, [&](const MatmulRow& candidate) {
      return candidate.backend == baseline && candidate.same_shape(row);
    });
    if (other == rows.end()) continue;
    log_sum += std::log(ratio(row, *other));
    ++count;
  }
  return count == 0 ? 0 : std::exp(log_sum / count);
}

/// What Dovetail's kernels make of the device, at best.
void advise_on_peak(const std::vector<MatmulRow>& rows, Findings& findings) {
  const MatmulRow* best = nullptr;
  for (const MatmulRow& row : rows) {
    const bool counts = row.backend == "kernel" && row.fraction_of_peak;
    if (counts && (best == nullptr || *row.fraction_of_peak > *best->fraction_of_peak)) {
      best = &row;
    }
  }
  if (best == nullptr) return;
  findings.push_back(
      {"matmul",
       fmt::format("At best, with {} x {} x {} of {}, Dovetail's kernels reach {:.0f} % "
                   "of the multiply-adds that the device was seen to do.",
                   best->m, best->n, best->k, best->dtype, 100 * *best->fraction_of_peak)});
}

void advise_on_matmul(const std::vector<MatmulRow>& rows, Findings& findings) {
  for (const char* baseline : {"clblast", "openblas"}) {
    const double ratio = geometric_mean_ratio(rows, "kernel", baseline);
    if (ratio == 0) continue;
    findings.push_back({"matmul", fmt::format("Dovetail's kernels run at {:.2f}x the speed of {} "
                                              "(geometric mean over the shapes that both ran).",
                                              ratio, baseline)});
  }
  const double enqueue =
      geometric_mean(rows, "kernel", "clblast", [](const MatmulRow& row, const MatmulRow& vendor) {
        return vendor.enqueue_us / row.enqueue_us;
      });
  if (enqueue == 0) return;
  findings.push_back(
      {"matmul",
       fmt::format("Enqueuing a product takes CLBlast {:.1f}x the host time of Dovetail's "
                   "kernels (geometric mean); it counts where products are small.",
                   enqueue)});
}

}  // namespace

double geometric_mean_ratio(const std::vector<MatmulRow>& rows, const std::string& backend,
                            const std::string& baseline) {
  return geometric_mean(rows, backend, baseline, [](const MatmulRow& row, const MatmulRow& other) {
    return row.gflops / other.gflops;
  });
}

std::vector<Advice> advise(const Results& results) {
  Findings findings;
  const ScalingTable table(results.scaling);
  advise_on_queues(table, findings);
  advise_on_threads(table, findings);
  advise_on_waiting(table, findings);
  advise_on_processes(table, findings);
  advise_on_overhead(table, findings);
  advise_on_handoff(results.handoff, findings);
  advise_on_matmul(results.matmul, findings);
  advise_on_peak(results.matmul, findings);
  return findings;
}

}  // namespace dovetail::tool

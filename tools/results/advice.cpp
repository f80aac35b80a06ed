// SPDX-License-Identifier: Apache-2.0
#include "tools/results/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dovetail::tool {
namespace {

using Findings = std::vector<Advice>;

/// The rates of small operations that are waited for one by one, but where it says otherwise.
class ScalingTable {
 public:
  explicit ScalingTable(const std::vector<ScalingRow>& rows) : rows_(rows) {
    for (const ScalingRow& row : rows) most_threads_ = std::max(most_threads_, row.threads);
  }
  unsigned most_threads() const { return most_threads_; }

  const ScalingRow* find(std::string_view path, std::string_view queue, unsigned threads,
                         std::string_view sync = "per_op") const {
    const auto found = std::ranges::find_if(rows_, [&](const ScalingRow& row) {
      return row.path == path && row.queue == queue && row.sync == sync && row.work == "launch" &&
             row.threads == threads;
    });
    return found == rows_.end() ? nullptr : &*found;
  }

 private:
  const std::vector<ScalingRow>& rows_;
  unsigned most_threads_ = 1;
};

/// Returns "<changed> of", with the ratio in its place, or "<is> within the noise of".
std::string relation(Change change, double ratio, std::string_view changed, std::string_view is) {
  if (change == Change::noise) return fmt::format("{} within the noise of", is);
  return fmt::format(fmt::runtime(changed), ratio) + " of";
}

/// The rates of two rows, compared.
struct Rates {
  Rates(const ScalingRow& row, const ScalingRow& other)
      : ratio(row.ops_per_s / other.ops_per_s),
        change(tool::change(ratio)),
        figures(fmt::format("({:.0f} against {:.0f} per second)", row.ops_per_s.median,
                            other.ops_per_s.median)) {}

  std::string relation(std::string_view changed, std::string_view is) const {
    return tool::relation(change, ratio.median, changed, is);
  }

  Spread ratio;
  Change change;
  std::string figures;
};

void advise_on_queues(const ScalingTable& table, Findings& findings) {
  const unsigned threads = table.most_threads();
  const ScalingRow* const shared = table.find("stream", "shared", threads);
  const ScalingRow* const separate = table.find("stream", "separate", threads);
  if (threads == 1 || shared == nullptr || separate == nullptr) return;
  const Rates rates(*shared, *separate);
  const char* const verdict = rates.change == Change::more ? "share a queue."
                              : rates.change == Change::noise
                                  ? "choose by what must be ordered, not by speed."
                                  : "give threads that need no common order streams of their "
                                    "own.";
  findings.push_back(
      {"scaling",
       fmt::format("With {} threads that launch small kernels and wait for each, one "
                   "shared queue {} a queue per thread {}: {}",
                   threads, rates.relation("gives {:.2f}x the operations per second", "is"),
                   rates.figures, verdict)});
}

void advise_on_threads(const ScalingTable& table, Findings& findings) {
  const unsigned threads = table.most_threads();
  for (const std::string_view path : {"raw", "stream", "clblast", "kernel"}) {
    const ScalingRow* const many = table.find(path, "separate", threads);
    const ScalingRow* const one = table.find(path, "separate", 1);
    if (threads == 1 || many == nullptr || one == nullptr) continue;
    const Rates rates(*many, *one);
    const char* const verdict = rates.change == Change::noise ? "more threads show no gain"
                                : rates.change == Change::less
                                    ? "dispatch serialises: more threads do not help"
                                : many->efficiency < 0.6 ? "dispatch serialises in part"
                                                         : "dispatch scales with the cores";
    findings.push_back(
        {"scaling", fmt::format("Path {}, small operations waited for one by one, a queue per "
                                "thread: {} threads {} one {}; {}.",
                                path, threads, rates.relation("reach {:.2f}x the rate", "are"),
                                rates.figures, verdict)});
  }
}

void advise_on_waiting(const ScalingTable& table, Findings& findings) {
  const ScalingRow* const waiting = table.find("stream", "shared", 1);
  const ScalingRow* const async = table.find("stream", "shared", 1, "async");
  if (waiting == nullptr || async == nullptr) return;
  const Rates rates(*async, *waiting);
  if (rates.change != Change::more) return;
  findings.push_back(
      {"scaling", fmt::format("One thread dispatches {:.1f}x as many small kernels when it waits "
                              "once at the end rather than after each {}: leave out every wait "
                              "that the queue's order makes needless.",
                              rates.ratio.median, rates.figures)});
}

void advise_on_processes(const ScalingTable& table, Findings& findings) {
  const unsigned threads = table.most_threads();
  const ScalingRow* const processes = table.find("stream", "process", threads);
  const ScalingRow* const shared = table.find("stream", "shared", threads);
  if (threads == 1 || processes == nullptr || shared == nullptr) return;
  const Rates rates(*processes, *shared);
  const char* const verdict =
      rates.change == Change::more
          ? "does get round a lock here, at the price of contexts that share nothing"
      : rates.change == Change::noise ? "shows no gain here"
                                      : "gains nothing here";
  findings.push_back(
      {"scaling",
       fmt::format("{0} processes {1} {0} threads on one shared queue {2}: a process pool {3}.",
                   threads, rates.relation("reach {:.2f}x the rate", "are"), rates.figures,
                   verdict)});
}

void advise_on_overhead(const ScalingTable& table, Findings& findings) {
  const ScalingRow* const raw = table.find("raw", "shared", 1, "async");
  const ScalingRow* const stream = table.find("stream", "shared", 1, "async");
  if (raw == nullptr || stream == nullptr) return;
  const Rates rates(*stream, *raw);
  findings.push_back(
      {"scaling", fmt::format("Dovetail's checked launch {} plain OpenCL calls {}.",
                              rates.relation("runs at {:.2f}x the rate", "is"), rates.figures)});
}

void advise_on_handoff(const std::vector<HandoffRow>& rows, Findings& findings) {
  for (const HandoffRow& shared : rows) {
    if (shared.queues != "shared") continue;
    for (const HandoffRow& other : rows) {
      if (other.scenario != shared.scenario || other.queues == "shared") continue;
      const Spread ratio = other.us_per_step / shared.us_per_step;
      const std::string waits = other.counts && shared.counts
                                    ? fmt::format("; {:.0f} waits per step against {:.0f}",
                                                  other.counts->waits, shared.counts->waits)
                                    : "";
      findings.push_back(
          {"handoff",
           fmt::format("{}: separate queues with {} at each boundary {} a shared queue ({:.1f} "
                       "against {:.1f} us per step{}).",
                       shared.scenario, other.queues == "event" ? "an event" : "a host finish",
                       relation(change(ratio), ratio.median, "cost {:.2f}x the time", "are"),
                       other.us_per_step.median, shared.us_per_step.median, waits)});
    }
  }
}

/// Reports what Dovetail's kernels make of the device, at best.
void advise_on_peak(const std::vector<MatmulRow>& rows, Findings& findings) {
  const MatmulRow* best = nullptr;
  for (const MatmulRow& row : rows) {
    const bool counts = row.backend == "kernel" && row.fraction_of_peak;
    if (counts && (best == nullptr || *row.fraction_of_peak > *best->fraction_of_peak)) {
      best = &row;
    }
  }
  if (best == nullptr) return;
  const double fraction = *best->fraction_of_peak;
  findings.push_back(
      {"matmul",
       fmt::format(
           "At best, with {} x {} x {} of {}, Dovetail's kernels reach {} the multiply-adds "
           "per second that were measured on the device.",
           best->m, best->n, best->k, best->dtype,
           fraction >= 1 ? "all" : fmt::format("{:.0f} % of", 100 * fraction))});
}

void advise_on_matmul(const std::vector<MatmulRow>& rows, Findings& findings) {
  for (const char* baseline : {"clblast", "openblas"}) {
    const BackendRatio ratio = compare_backends(rows, "kernel", baseline, &MatmulRow::us);
    if (ratio.shapes == 0) continue;
    findings.push_back(
        {"matmul",
         fmt::format("Dovetail's kernels {} {} (geometric mean over {} shapes; faster on "
                     "{}, slower on {}, within the noise on {}).",
                     relation(ratio.change(), ratio.mean, "run at {:.2f}x the speed", "are"),
                     baseline, ratio.shapes, ratio.faster, ratio.slower,
                     ratio.shapes - ratio.faster - ratio.slower)});
  }
  const BackendRatio enqueue = compare_backends(rows, "kernel", "clblast", &MatmulRow::enqueue_us);
  if (enqueue.change() == Change::noise) return;
  findings.push_back(
      {"matmul",
       fmt::format("Enqueuing a product takes CLBlast {:.1f}x the host time of Dovetail's "
                   "kernels (geometric mean); it counts where products are small.",
                   enqueue.mean)});
}

}  // namespace

Change BackendRatio::change() const {
  const int lead = faster - slower;
  // A sign test: unless all agree, the lead is more than two standard deviations of a fair coin's.
  const bool is_clear =
      lead != 0 && (faster == 0 || slower == 0 || lead * lead > 4 * (faster + slower));
  const Change by_mean = tool::change(mean);
  return is_clear && by_mean == (lead > 0 ? Change::more : Change::less) ? by_mean : Change::noise;
}

BackendRatio compare_backends(const std::vector<MatmulRow>& rows, std::string_view backend,
                              std::string_view baseline, Spread MatmulRow::*time) {
  BackendRatio result;
  double log_sum = 0;
  for (const MatmulRow& row : rows) {
    if (row.backend != backend) continue;
    const auto other = std::ranges::find_if(rows, [&](const MatmulRow& candidate) {
      return candidate.backend == baseline && candidate.same_shape(row);
    });
    if (other == rows.end()) continue;
    const Spread ratio = (*other).*time / row.*time;
    ++result.shapes;
    result.faster += change(ratio) == Change::more ? 1 : 0;
    result.slower += change(ratio) == Change::less ? 1 : 0;
    log_sum += std::log(ratio.median);
  }
  if (result.shapes != 0) result.mean = std::exp(log_sum / result.shapes);
  return result;
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

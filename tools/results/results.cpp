// SPDX-License-Identifier: Apache-2.0
#include "tools/results/results.hpp"

#include <sched.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

namespace dovetail::tool {
namespace {

using Json = nlohmann::ordered_json;

Json json(const Spread& spread) {
  return {{"min", spread.min}, {"median", spread.median}, {"max", spread.max}};
}

Json json(const ScalingRow& row) {
  return {{"path", row.path},
          {"queue", row.queue},
          {"sync", row.sync},
          {"work", row.work},
          {"threads", row.threads},
          {"ops", row.ops},
          {"ops_per_s", json(row.ops_per_s)},
          {"speedup", row.speedup},
          {"efficiency", row.efficiency},
          {"calls_per_op", row.calls_per_op}};
}

Json json(const HandoffRow& row) {
  const auto count = [&](double HandoffRow::Counts::*member) {
    return row.counts ? Json((*row.counts).*member) : Json();
  };
  return {{"scenario", row.scenario},
          {"queues", row.queues},
          {"us_per_step", json(row.us_per_step)},
          {"waits_per_step", count(&HandoffRow::Counts::waits)},
          {"elided_per_step", count(&HandoffRow::Counts::elided)},
          {"bytes_copied_per_step", count(&HandoffRow::Counts::bytes_copied)}};
}

Json json(double value) { return value; }
Json json(unsigned value) { return value; }

Json json(const std::map<std::string, std::uint64_t>& calls) {
  std::uint64_t total = 0;
  for (const auto& [name, count] : calls) total += count;
  return {{"total", total}, {"by_name", calls}};
}

Json json(const MatmulRow::Calls& calls) {
  return {{"new_arguments", json(calls.new_arguments)},
          {"same_arguments", json(calls.same_arguments)}};
}

template <typename T>
Json json(const std::optional<T>& value) {
  return value ? json(*value) : Json();
}

Json json(const Peak& peak) {
  return {{"f32_gflops", json(peak.f32_gflops)}, {"f64_gflops", json(peak.f64_gflops)},
          {"triad_gb_s", json(peak.triad_gb_s)}, {"read_gb_s", json(peak.read_gb_s)},
          {"array_bytes", peak.array_bytes},     {"cache_bytes", peak.cache_bytes}};
}

Json json(const MatmulRow& row) {
  return {{"backend", row.backend},
          {"dtype", row.dtype},
          {"set", row.set},
          {"name", row.name},
          {"m", row.m},
          {"n", row.n},
          {"k", row.k},
          {"batch", row.batch},
          {"transpose_a", row.transpose_a},
          {"transpose_b", row.transpose_b},
          {"threads", json(row.threads)},
          {"us", json(row.us)},
          {"enqueue_us", row.enqueue_us.median},
          {"gflops", row.gflops},
          {"fraction_of_peak", json(row.fraction_of_peak)},
          {"flop_per_byte", row.flop_per_byte},
          {"calls", json(row.calls)},
          {"relative_error", row.relative_error}};
}

Json json(const Advice& advice) { return {{"topic", advice.topic}, {"text", advice.text}}; }
Json json(const Skipped& skipped) { return {{"what", skipped.what}, {"why", skipped.why}}; }

template <typename Row>
Json array(const std::vector<Row>& rows) {
  Json list = Json::array();
  for (const Row& row : rows) list.push_back(json(row));
  return list;
}

}  // namespace

std::optional<double> Peak::gflops_of(const std::string& dtype) const {
  if (dtype == "i8") return std::nullopt;
  if (dtype == "f64") return f64_gflops ? std::optional(f64_gflops->median) : std::nullopt;
  return f32_gflops.median;
}

bool MatmulRow::same_shape(const MatmulRow& other) const {
  return dtype == other.dtype && m == other.m && n == other.n && k == other.k &&
         batch == other.batch && transpose_a == other.transpose_a &&
         transpose_b == other.transpose_b;
}

std::vector<Skipped> by_reason(const std::vector<Skipped>& skipped) {
  std::vector<Skipped> joined;
  for (const Skipped& each : skipped) {
    const auto found = std::ranges::find(joined, each.why, &Skipped::why);
    if (found == joined.end()) {
      joined.push_back(each);
      continue;
    }
    const std::string topic = each.what.substr(0, each.what.find(' ') + 1);
    found->what += ", " + each.what.substr(found->what.starts_with(topic) ? topic.size() : 0);
  }
  return joined;
}

void Results::skip(std::string what, std::string why) {
  skipped.push_back({std::move(what), std::move(why)});
}

void Results::reject(std::string what, std::string why) {
  verified = false;
  skip(std::move(what), std::move(why));
}

unsigned host_cores() {
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof(cores), &cores) == 0) {
    return static_cast<unsigned>(CPU_COUNT(&cores));
  }
  return std::max(1U, std::thread::hardware_concurrency());
}

Json to_json(const Device& device) {
  return {{"name", device.name()},
          {"platform", device.platform_name()},
          {"driver", device.driver_version()},
          {"type", to_string(device.type())},
          {"compute_units", device.compute_units()}};
}

Json to_json(const Results& results, const Device& device) {
  return {{"schema", 1},
          {"device", to_json(device)},
          {"host", {{"cores", host_cores()}}},
          {"scaling", array(results.scaling)},
          {"handoff", array(results.handoff)},
          {"matmul", array(results.matmul)},
          {"peak", results.peak ? json(*results.peak) : Json()},
          {"advice", array(results.advice)},
          {"skipped", array(results.skipped)}};
}

}  // namespace dovetail::tool

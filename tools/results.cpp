// SPDX-License-Identifier: Apache-2.0
#include "tools/results.hpp"

#include <sched.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

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

Json json(const MatmulRow& row) {
  return {{"backend", row.backend},
          {"dtype", "f32"},
          {"m", row.m},
          {"n", row.n},
          {"k", row.k},
          {"batch", row.batch},
          {"transpose_a", row.transpose_a},
          {"transpose_b", row.transpose_b},
          {"us", json(row.us)},
          {"enqueue_us", row.enqueue_us},
          {"gflops", row.gflops},
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

Spread Spread::of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {values.front(), median, values.back()};
}

bool MatmulRow::same_shape(const MatmulRow& other) const {
  return m == other.m && n == other.n && k == other.k && batch == other.batch &&
         transpose_a == other.transpose_a && transpose_b == other.transpose_b;
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
          {"advice", array(results.advice)},
          {"skipped", array(results.skipped)}};
}

}  // namespace dovetail::tool

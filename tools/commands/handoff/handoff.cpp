// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/handoff/handoff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "tools/commands/handoff/scenario.hpp"
#include "tools/measure/backends.hpp"
#include "tools/measure/call_counts.hpp"
#include "tools/measure/effort.hpp"
#include "tools/measure/race.hpp"
#include "tools/measure/verification.hpp"
#include "tools/measure/worker.hpp"
#include "tools/terminal.hpp"

namespace dovetail::tool {
namespace {

using Json = nlohmann::json;

constexpr unsigned verified_steps = 20;
constexpr unsigned counted_steps = 20;

Joint joint_named(std::string_view name) {
  return static_cast<Joint>(std::ranges::find(joint_names, name) - joint_names.begin());
}

/// Counts the waits at OpenCL's entry points: of the host, and of queues for events.
std::uint64_t waits_in(const CallCounts& counts) {
  std::uint64_t waits = 0;
  for (const auto& [name, count] : counts) {
    if (name == "clFinish" || name == "clWaitForEvents") {
      waits += count.calls;
    } else {
      waits += count.wait_list_events;
    }
  }
  return waits;
}

std::uint64_t bytes_in(const CallCounts& counts) {
  std::uint64_t bytes = 0;
  for (const auto& [name, count] : counts) bytes += count.bytes;
  return bytes;
}

void verify(std::string_view name, Scenario& scenario, const JoinedStreams& streams) {
  for (unsigned i = 0; i < verified_steps; ++i) scenario.step(streams);
  streams.second().synchronize();
  streams.first().synchronize();
  if (!scenario.verify(streams, verified_steps)) {
    throw VerificationFailed(fmt::format("[handoff] scenario {}: the result is wrong.", name));
  }
}

double us_per_step(Scenario& scenario, const JoinedStreams& streams, unsigned steps) {
  const auto start = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < steps; ++i) scenario.step(streams);
  streams.first().synchronize();
  return 1e6 * seconds_since(start) / steps;
}

/// A scenario on one of the joints, and its times.
struct Way {
  JoinedStreams streams;
  std::unique_ptr<Scenario> scenario;
  std::vector<double> us;
};

/// Times a scenario on each joint, after verifying it there.
std::vector<HandoffRow> compare_joints(const Context& context, std::string_view name,
                                       const HandoffOptions& options) {
  std::vector<Way> ways;
  for (std::size_t joint = 0; joint < joint_names.size(); ++joint) {
    ways.push_back(
        {JoinedStreams(context, static_cast<Joint>(joint)), make_scenario(name, context), {}});
    verify(name, *ways.back().scenario, ways.back().streams);
  }
  race(options.quick ? 5 : 9, ways,
       [&](Way& way) { way.us.push_back(us_per_step(*way.scenario, way.streams, options.steps)); });
  std::vector<HandoffRow> rows;
  for (std::size_t joint = 0; joint < joint_names.size(); ++joint) {
    rows.push_back({.scenario = std::string(name),
                    .queues = std::string(joint_names[joint]),
                    .us_per_step = Spread::of(ways[joint].us),
                    .counts = std::nullopt});
  }
  return rows;
}

HandoffRow::Counts counts_of(const HandoffRow& row, Worker& counter) {
  const Json counted =
      counter.ask({{"do", "handoff.count"}, {"scenario", row.scenario}, {"queues", row.queues}});
  return {.waits = counted.at("waits"),
          .elided = counted.at("elided"),
          .bytes_copied = counted.at("bytes")};
}

}  // namespace

Json count_handoff(const Json& request) {
  const Context& context = Context::default_context();
  const JoinedStreams streams(context, joint_named(request.at("queues").get<std::string>()));
  const auto scenario = make_scenario(request.at("scenario").get<std::string>(), context);
  scenario->step(streams);
  const std::uint64_t elided_before = streams.elided();
  const CallCounts counts = count_calls([&] {
    for (unsigned i = 0; i < counted_steps; ++i) scenario->step(streams);
  });
  const std::uint64_t elided = streams.elided() - elided_before;
  streams.first().synchronize();
  return {{"waits", static_cast<double>(waits_in(counts)) / counted_steps},
          {"elided", static_cast<double>(elided) / counted_steps},
          {"bytes", static_cast<double>(bytes_in(counts)) / counted_steps}};
}

void run_handoff(const HandoffOptions& options, Results& results) {
  const Context& context = Context::default_context();  // first: without a device, no worker
  const auto counter =
      start_counting_worker(options.seed, "handoff: waits, elisions and bytes", results);
  Progress progress("handoff", scenario_names.size());
  for (const std::string_view name : scenario_names) {
    progress.step(name);
    if (name == "vendor_matmul" && !has_clblast()) {
      results.skip("handoff: vendor_matmul", no_clblast);
      continue;
    }
    try {
      for (HandoffRow& row : compare_joints(context, name, options)) {
        if (counter) row.counts = counts_of(row, *counter);
        results.handoff.push_back(std::move(row));
      }
    } catch (const VerificationFailed& failure) {
      results.reject(fmt::format("handoff: {}", name), failure.what());
    }
  }
}

}  // namespace dovetail::tool

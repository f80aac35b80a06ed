// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/recording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/runtime/launch.hpp"
#include "lib/runtime/replay_segment.hpp"
#include "lib/stream/capture/capture_session.hpp"
#include "lib/stream/stream_access.hpp"
#include "lib/stream/submit/submission.hpp"

namespace dovetail {

struct detail::RecordingState {
  std::vector<Stream> streams;  // the capture's, lane by lane
  std::vector<ReplaySegment> segments;
  std::vector<std::size_t> joined;
  std::vector<RecordedPlace>
      places;  // of each command, in the order in which a replay submits them
  std::unique_ptr<TrackedUses> uses;  // of all segments together, if there are several
  std::shared_ptr<RecordingProgress> progress;
  ReplayMethod method;
  std::mutex mutex;  // held while a replay is submitted, and while a command changes

  RecordingState(RecordedWork work, ReplayMethod method_in);
  RecordingState(const RecordingState&) = delete;
  RecordingState& operator=(const RecordingState&) = delete;
  ~RecordingState() { progress->discard(); }

  const RecordedCommand& at(const RecordedPlace& place) const {
    return *segments[place.segment].commands()[place.command];
  }
  const Stream& lane(std::size_t number, const Stream& stream) const {
    return number == 0 ? stream : streams[number];
  }
  void collect_uses();
  void check_streams(const Stream& stream) const;
  void submit(const Stream& stream);
  void submit_segments(const Stream& stream, std::vector<Point>& points);
  RecordedLaunch& launch(std::size_t command) const;
  void check_order(std::size_t command, std::size_t argument, const TrackedUse& use) const;
  void move_results(const RecordedLaunch::Held& before);
  void update(std::size_t command, std::size_t argument, const KernelArgument& value);
};

namespace {

constexpr std::string_view replay_name = "Recording::replay", update_name = "Recording::update";

ReplayMethod chosen_method(ReplayMethod asked, const Device& device) {
  if (asked == ReplayMethod::launch_list) return asked;
  const bool is_supported = detail::CommandBuffer::is_supported(device);
  if (asked == ReplayMethod::command_buffer && !is_supported) {
    throw InvalidArgument(fmt::format(
        "[Capture] '{}' has no cl_khr_command_buffer whose buffers can be run again while one run "
        "is under way; use ReplayMethod::automatic or launch_list.",
        device.name()));
  }
  return asked == ReplayMethod::automatic ? ReplayMethod::launch_list : asked;
}

}  // namespace

std::string_view to_string(ReplayMethod method) noexcept {
  switch (method) {
    case ReplayMethod::automatic:
      return "automatic";
    case ReplayMethod::command_buffer:
      return "command_buffer";
    case ReplayMethod::launch_list:
      break;
  }
  return "launch_list";
}

detail::RecordingState::RecordingState(RecordedWork work, ReplayMethod method_in)
    : joined(std::move(work.joined)), progress(std::move(work.progress)), method(method_in) {
  for (auto& lane : work.lanes) streams.push_back(stream_of(std::move(lane)));
  for (RecordedSegment& segment : work.segments) {
    for (std::size_t i = 0; i < segment.commands.size(); ++i)
      places.push_back({segment.lane, segments.size(), i, segment.numbers[i]});
    segments.emplace_back(std::move(segment));
  }
  collect_uses();
}

void detail::RecordingState::collect_uses() {
  if (segments.size() < 2) return;  // a single one is checked as it is submitted
  uses = std::make_unique<TrackedUses>();
  for (const ReplaySegment& segment : segments) {
    for (const TrackedUse& use : segment.uses()) add_to(*uses, use);
  }
}

void detail::RecordingState::check_streams(const Stream& stream) const {
  check_not_forked(replay_name);
  if (!(stream.context() == streams.front().context())) {
    throw InvalidArgument(fmt::format(
        "[{}] the stream belongs to another context than the recording; replay it on a stream of "
        "its own context.",
        replay_name));
  }
  for (std::size_t i = 0; i < streams.size(); ++i) check_takes_work(lane(i, stream), replay_name);
}

void detail::RecordingState::submit(const Stream& stream) {
  // All of it or nothing.
  if (uses) check_replay(stream, *uses, {"", "recording"}, *progress);
  std::vector<Point> points;
  points.reserve(segments.size());
  try {
    submit_segments(stream, points);
  } catch (...) {
    for (std::size_t i = 0; i < points.size(); ++i) {  // nothing must build on a part
      fail(lane(segments[i].lane(), stream), points[i].ticket - 1, CL_OUT_OF_RESOURCES, replay_name,
           "recording: of its segments, a later one was refused");
    }
    throw;
  }
}

/// Adds the point behind each segment to `points`.
void detail::RecordingState::submit_segments(const Stream& stream, std::vector<Point>& points) {
  // Before anything of this replay is on `stream`: a fork does not come after what follows it
  // there.
  std::vector<bool> has_begun(streams.size());
  for (const ReplaySegment& segment : segments) {
    const bool is_first = !has_begun[segment.lane()];
    has_begun[segment.lane()] = true;
    if (is_first && segment.lane() != 0 && segment.after().empty()) {
      streams[segment.lane()].wait(stream);
    }
  }
  for (ReplaySegment& segment : segments) {
    const Stream& own = lane(segment.lane(), stream);
    for (const std::size_t before : segment.after()) own.wait(points[before]);
    points.push_back(segment.submit(own, method == ReplayMethod::command_buffer, *progress));
  }
  for (const std::size_t before : joined) stream.wait(points[before]);
}

detail::RecordedLaunch& detail::RecordingState::launch(std::size_t command) const {
  if (command >= places.size()) {
    throw InvalidArgument(fmt::format("[Recording::update] command {} of a recording of {}.",
                                      command, places.size()));
  }
  const RecordedPlace& place = places[command];
  auto* const launch =
      dynamic_cast<RecordedLaunch*>(segments[place.segment].commands()[place.command].get());
  if (launch == nullptr) {
    throw InvalidArgument(
        fmt::format("[Recording::update] command {} is a {}, and only a kernel's arguments can be "
                    "changed.",
                    command, at(place).name()));
  }
  return *launch;
}

void detail::RecordingState::update(std::size_t command, std::size_t argument,
                                    const KernelArgument& value) {
  check_not_forked(update_name);
  check_not_submitting(*state_of(streams.front()), update_name);
  RecordedLaunch& changed = launch(command);
  if (argument >= changed.signature().parameters.size()) {
    throw InvalidArgument(fmt::format("[Recording::update] argument {} of {}, which has {}.",
                                      argument, changed.name(),
                                      changed.signature().parameters.size()));
  }
  const std::scoped_lock lock(mutex);
  RecordedLaunch::Held held = changed.prepare(argument, value);
  if (held.is_used) check_order(command, argument, held.use);
  held = changed.update(argument, value, std::move(held));
  segments[places[command].segment].refresh();
  collect_uses();
  if (progress->is_pending()) move_results(held);
}

/// Commands of different streams are submitted in the order of their segments, which is that of the
/// capture only where they conflicted then.
void detail::RecordingState::check_order(std::size_t command, std::size_t argument,
                                         const TrackedUse& use) const {
  const RecordedPlace& own = places[command];
  for (std::size_t i = 0; i < places.size(); ++i) {
    const RecordedPlace& other = places[i];
    if (keeps_order(own, other) || !at(other).conflicts(use)) continue;
    throw InvalidArgument(fmt::format(
        "[Recording::update] argument {} of command {}, {}, would use memory of command {}, {}, "
        "which was given to another stream {} it and is replayed {} it; capture anew with that "
        "argument.",
        argument, command, at(own).name(), i, at(other).name(),
        other.number < own.number ? "before" : "after",
        other.number < own.number ? "after" : "before"));
  }
}

/// Tells memory of the results that are to come, now that an argument has been replaced.
void detail::RecordingState::move_results(const RecordedLaunch::Held& before) {
  if (before.is_used && before.use.access != Access::read) {
    const std::scoped_lock lock(*before.use.memory);
    before.use.memory->drop_recorded_results_of(*progress);
  }
  for (const RecordedPlace& place : places) mark_results(at(place), progress);
}

Recording::Recording(std::shared_ptr<detail::RecordingState> state) : state_(std::move(state)) {}

detail::RecordingState& Recording::state(std::string_view function) const {
  detail::check_not_moved_from(function, "recording", state_);
  return *state_;
}

void Recording::replay() const { replay(state(replay_name).streams.front()); }

void Recording::replay(const Stream& stream) const {
  detail::RecordingState& recording = state(replay_name);
  detail::check_not_submitting(*detail::state_of(stream, replay_name), replay_name);
  const std::scoped_lock lock(recording.mutex);
  recording.check_streams(stream);
  recording.progress->submitting([&] { recording.submit(stream); });
}

std::size_t Recording::size() const noexcept { return state_ ? state_->places.size() : 0; }

std::vector<Recording::Command> Recording::commands() const {
  const detail::RecordingState& recording = state("Recording::commands");
  std::vector<Command> all;
  all.reserve(size());
  for (const auto& place : recording.places) {
    all.push_back({recording.at(place).name(), place.lane});
  }
  return all;
}

std::size_t Recording::find(std::string_view name, std::size_t nth) const {
  const detail::RecordingState& recording = state("Recording::find");
  std::size_t seen = 0;
  std::string names;
  for (std::size_t i = 0; i < size(); ++i) {
    const std::string& own = recording.at(recording.places[i]).name();
    if (own == name && seen++ == nth) return i;
    names += fmt::format("{}{}", i == 0 ? "" : ", ", own);
  }
  throw InvalidArgument(
      fmt::format("[Recording::find] no number {} (counted from 0) of '{}' among: "
                  "{}.",
                  nth, name, names));
}

void Recording::update(std::size_t command, std::size_t argument,
                       const KernelArgument& value) const {
  state(update_name).update(command, argument, value);
}

void Recording::update(std::size_t command, std::string_view parameter,
                       const KernelArgument& value) const {
  detail::RecordingState& recording = state(update_name);
  const auto& parameters = recording.launch(command).signature().parameters;
  const auto found = std::ranges::find(parameters, parameter, &KernelParameter::name);
  if (found == parameters.end()) {
    std::string names;
    for (const KernelParameter& each : parameters) names += " " + each.name;
    throw InvalidArgument(fmt::format("[Recording::update] {} has no parameter '{}'; it has:{}",
                                      recording.launch(command).name(), parameter, names));
  }
  recording.update(command, static_cast<std::size_t>(found - parameters.begin()), value);
}

ReplayMethod Recording::method() const noexcept {
  return state_ ? state_->method : ReplayMethod::automatic;
}
const Stream& Recording::stream() const { return state("Recording::stream").streams.front(); }

Capture::Capture(const Stream& stream, const RecordingOptions& options)
    : stream_(stream),
      method_(chosen_method(options.method, detail::context_of(stream, "Capture").device())),
      session_(detail::CaptureSession::begin(detail::state_of(stream))) {}

Capture::~Capture() {
  if (session_) session_->abandon();
}

Recording Capture::end() {
  if (!session_) throw CaptureError("[Capture::end] this capture has ended already.");
  const auto session = std::exchange(session_, nullptr);
  return Recording(std::make_shared<detail::RecordingState>(session->end(), method_));
}

}  // namespace dovetail

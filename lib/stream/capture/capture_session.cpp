// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/capture/capture_session.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dovetail/core/error.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/stream/order/stream_state.hpp"
#include "lib/stream/submit/submission.hpp"

namespace dovetail::detail {
namespace {

bool have_conflict(const RecordedCommand& a, const RecordedCommand& b) {
  return std::ranges::any_of(a.uses(), [&](const TrackedUse& use) { return b.conflicts(use); });
}

}  // namespace

void mark_results(const RecordedCommand& command,
                  const std::shared_ptr<const RecordingProgress>& recording) {
  for (const TrackedUse& use : command.uses()) {
    if (use.access == Access::read) continue;
    const std::scoped_lock memory(*use.memory);
    use.memory->add_recorded_result(use.range, recording);
  }
}

CaptureSession::CaptureSession(const std::shared_ptr<StreamState>& origin) {
  work_.lanes.push_back(origin);
  work_.progress = std::make_shared<RecordingProgress>();
  lanes_.push_back({none, none, {}, {}});
}

std::shared_ptr<CaptureSession> CaptureSession::begin(const std::shared_ptr<StreamState>& origin) {
  check_not_forked("Capture");
  check_not_submitting(*origin, "Capture");
  const std::scoped_lock order(origin->submit_mutex);
  origin->failure.check("Capture");
  std::shared_ptr<CaptureSession> session(new CaptureSession(origin));
  if (!origin->capture.begin(session)) {
    throw CaptureError(
        fmt::format("[Capture] {} captures already; end that capture first.", origin->label()));
  }
  return session;
}

std::size_t CaptureSession::lane_of(const StreamState& stream) const {
  const auto found = std::ranges::find(work_.lanes, &stream, &std::shared_ptr<StreamState>::get);
  return static_cast<std::size_t>(found - work_.lanes.begin());
}

bool CaptureSession::add(const StreamState& stream, Recordable& work) {
  const std::scoped_lock lock(mutex_);
  if (is_over_) return false;
  auto command = work.record();
  const std::size_t at = lane_of(stream);
  meet_hazards(at, *command);
  Lane& lane = lanes_[at];
  if (lane.open == none) {
    lane.open = lane.last = work_.segments.size();
    work_.segments.push_back({at, {}, {}, std::exchange(lane.after, {})});
    clocks_.push_back(lane.clock);
  }
  mark_results(*command, work_.progress);
  work_.segments[lane.open].commands.push_back(std::move(command));
  work_.segments[lane.open].numbers.push_back(commands_++);
  return true;
}

/// Returns whether what the lane is given next comes after `segment`.
bool CaptureSession::is_after(std::size_t lane, std::size_t segment) const {
  return Order(lane, lanes_[lane].clock).known(point_of(segment)).has_value();
}

/// Has the lane's next segment come after `segment`, which takes no more commands.
void CaptureSession::put_after(std::size_t lane, std::size_t segment) {
  if (is_after(lane, segment)) return;
  Lane& producer = lanes_[work_.segments[segment].lane];
  if (producer.open == segment) producer.open = none;
  lanes_[lane].open = none;
  lanes_[lane].after.push_back(segment);
  lanes_[lane].clock.add(point_of(segment), 0);
  lanes_[lane].clock.join(clocks_[segment], lane);
}

/// Puts the lane behind what other lanes were given that `command` conflicts with.
void CaptureSession::meet_hazards(std::size_t lane, const RecordedCommand& command) {
  std::vector<bool> is_met(work_.lanes.size());
  for (std::size_t i = work_.segments.size(); i-- > 0;) {
    const RecordedSegment& segment = work_.segments[i];
    if (segment.lane == lane || is_met[segment.lane]) continue;
    const auto conflicts = [&](const auto& other) { return have_conflict(command, *other); };
    if (!std::ranges::any_of(segment.commands, conflicts)) continue;
    is_met[segment.lane] = true;  // later segments of a lane come after its earlier ones
    put_after(lane, i);
  }
}

void CaptureSession::wait(std::size_t consumer, std::size_t producer) {
  if (lanes_[producer].last != none) put_after(consumer, lanes_[producer].last);
  for (const std::size_t segment : lanes_[producer].after) put_after(consumer, segment);
}

/// Has its streams take work as usual.
void CaptureSession::close() noexcept {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(is_over_, true)) return;
  }
  for (const auto& stream : work_.lanes) {  // without its lock, which they take last
    std::shared_ptr<CaptureSession> ended;
    const std::scoped_lock order(stream->submit_mutex);
    ended = stream->capture.end();
  }
}

RecordedWork CaptureSession::end() {
  check_not_forked("Capture::end");
  close();
  for (std::size_t i = 0; i < work_.segments.size(); ++i) {
    if (is_after(0, i)) continue;
    work_.progress->discard();
    const RecordedSegment& segment = work_.segments[i];
    throw CaptureError(fmt::format(
        "[Capture::end] {} was given {} and nothing on {} comes after it; join it before the end "
        "with wait(stream). The capture is discarded.",
        work_.lanes[segment.lane]->label(), segment.commands.back()->name(),
        work_.lanes.front()->label()));
  }
  work_.joined = std::move(lanes_.front().after);
  return std::move(work_);
}

void CaptureSession::abandon() noexcept {
  if (in_forked_child()) return;  // where another thread may have held a lock for good
  close();
  if (work_.progress) work_.progress->discard();
}

bool capture_wait(const std::shared_ptr<StreamState>& consumer, const StreamState& producer) {
  check_not_forked("Stream::wait");
  if (consumer.get() == &producer) return false;
  check_not_submitting(*consumer, "Stream::wait");
  const std::scoped_lock order(consumer->submit_mutex);
  const auto own = consumer->capture.current();
  const auto session = producer.capture.current();
  if (!session && !own) return false;
  if (own && own != session) {
    throw CaptureError(fmt::format(
        "[Stream::wait] {} captures, and {} takes no part in that capture; wait before it begins, "
        "or have {} join first by waiting for {}.",
        consumer->label(), producer.label(), producer.label(), consumer->label()));
  }
  const std::scoped_lock lock(session->mutex_);
  if (session->is_over_) return false;
  if (!own) {
    consumer->failure.check("Stream::wait");
    session->work_.lanes.push_back(consumer);
    session->lanes_.push_back({CaptureSession::none, CaptureSession::none, {}, {}});
    consumer->capture.begin(session);
  }
  session->wait(session->lane_of(*consumer), session->lane_of(producer));
  return true;
}

}  // namespace dovetail::detail

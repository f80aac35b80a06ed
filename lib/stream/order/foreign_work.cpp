// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/foreign_work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/stream/submit/command_name.hpp"

namespace dovetail::detail {
namespace {

std::atomic<bool> was_any_shared_late{false};

/// Numbers for what others may have enqueued: comparable with each other, whoever draws them.
std::uint64_t next_epoch() {
  static std::atomic<std::uint64_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

bool was_any_stream_shared_late() noexcept {
  return was_any_shared_late.load(std::memory_order_relaxed);
}

bool ForeignWork::share() {
  if (is_shared_.exchange(true)) return false;
  was_any_shared_late.store(true, std::memory_order_relaxed);
  return true;
}

void ForeignWork::attach(std::shared_ptr<Peer> peer) {
  const std::scoped_lock lock(mutex_);
  if (std::ranges::find(peers_, peer) != peers_.end()) {
    throw InvalidArgument(fmt::format("[Stream::attach] '{}' is attached to {} already.",
                                      peer->name(), stream_label(stream_)));
  }
  peers_.push_back(std::move(peer));
  epoch_ = 0;
  share();
  has_peers_ = true;
}

std::exception_ptr ForeignWork::detach(const Peer& peer) {
  const auto all = peers();
  const auto leaving = std::ranges::find(all, &peer, &std::shared_ptr<Peer>::get);
  if (leaving == all.end()) {
    throw InvalidArgument(fmt::format("[Stream::detach] '{}' is not attached to {}.", peer.name(),
                                      stream_label(stream_)));
  }
  std::exception_ptr failure;
  try {
    submit(**leaving);
  } catch (...) {
    failure = std::current_exception();
  }
  const std::scoped_lock lock(mutex_);
  std::erase(peers_, *leaving);
  epoch_ = 0;
  has_peers_ = !peers_.empty();
  return failure;
}

std::vector<std::shared_ptr<Peer>> ForeignWork::peers() const {
  const std::scoped_lock lock(mutex_);
  return peers_;
}

bool ForeignWork::is_attached(const Peer& peer) const {
  const std::scoped_lock lock(mutex_);
  return std::ranges::find(peers_, &peer, &std::shared_ptr<Peer>::get) != peers_.end();
}

std::vector<std::string> ForeignWork::peer_names() const {
  std::vector<std::string> names;
  const std::scoped_lock lock(mutex_);
  names.reserve(peers_.size());
  for (const auto& peer : peers_) names.emplace_back(peer->name());
  return names;
}

bool ForeignWork::is_any_held_back() const {
  return std::ranges::any_of(peers(), [](const auto& peer) {
    const PeerFrontiers frontiers = peer->frontiers();
    return frontiers.recorded > frontiers.enqueued;
  });
}

void ForeignWork::submit(Peer& peer) const {
  const PeerFrontiers before = peer.frontiers();
  if (before.recorded <= before.enqueued) return;
  peer.submit();
  if (peer.frontiers().enqueued >= before.recorded) return;
  throw Error(fmt::format(
      "[Peer::submit] '{}' on {} had recorded {} and has enqueued {}: work that it holds back "
      "cannot be ordered; submit() must enqueue all that was recorded.",
      peer.name(), stream_label(stream_), before.recorded, peer.frontiers().enqueued));
}

std::uint64_t ForeignWork::epoch() {
  if (!has_peers_.load(std::memory_order_acquire)) return next_epoch();
  const auto all = peers();
  std::uint64_t frontier = 0;
  for (const auto& peer : all) {
    submit(*peer);
    frontier += peer->frontiers().enqueued;
  }
  const std::scoped_lock lock(mutex_);
  if (all != peers_) return next_epoch();
  if (epoch_ == 0 || frontier > frontier_) {
    frontier_ = frontier;
    epoch_ = next_epoch();
  }
  return epoch_;
}

}  // namespace dovetail::detail

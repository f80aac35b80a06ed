// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/stream_lease.hpp"

#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/stream/pool/lease_set.hpp"

namespace dovetail {

StreamLease::StreamLease(std::shared_ptr<detail::LeaseSet> set, Stream stream) noexcept
    : set_(std::move(set)), stream_(std::move(stream)) {}

StreamLease::StreamLease(StreamLease&& other) noexcept = default;

StreamLease& StreamLease::operator=(StreamLease&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  set_ = std::move(other.set_);
  stream_ = std::move(other.stream_);
  return *this;
}

StreamLease::~StreamLease() { give_back(); }

void StreamLease::give_back() noexcept {
  if (set_ != nullptr) set_->give_back(std::move(stream_));
}

const Stream& StreamLease::stream() const& {
  if (set_ == nullptr) {
    throw InvalidArgument(
        "[StreamLease::stream] the lease has been moved from and holds no stream; use the one it "
        "was moved to.");
  }
  return stream_;
}

}  // namespace dovetail

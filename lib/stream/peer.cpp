// SPDX-License-Identifier: Apache-2.0
#include "dovetail/stream/peer.hpp"

namespace dovetail {

Peer::~Peer() = default;  // out of line, so that the vtable lives in the library alone

}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// Lets work in flight end before the process does.
#pragma once

namespace dovetail::detail {

/// From now on the process waits, as it ends, for the work of all streams but borrowed ones, for
/// two seconds at most. Drivers do not: PoCL 3.1 crashes when a process ends while it compiles.
/// Called by each thread that makes a stream, once a driver is loaded.
void drain_at_exit();

}  // namespace dovetail::detail

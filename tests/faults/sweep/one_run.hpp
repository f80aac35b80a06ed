// SPDX-License-Identifier: Apache-2.0
// One run of the workload in which one call fails, and its outcome.
#pragma once

#include <cstdint>
#include <string>

namespace dovetail::sweep {

/// Chooses the call that fails: the first of its entry point after `skip` others.
struct Choice {
  std::string entry_point;
  std::uint64_t skip = 0;
  /// Fails the command whose status the call queries, instead of the call.
  bool is_command = false;
};

/// The outcome of a run, and the exit code of its process.
enum class Outcome : int {
  absorbed = 10,       ///< All results were right.
  typed = 11,          ///< Exceptions of Dovetail's, and after a reset all results were right.
  not_reached = 12,    ///< There was no such call.
  foreign = 20,        ///< An exception that is none of Dovetail's.
  wrong = 21,          ///< A wrong result, without an exception.
  unrecoverable = 22,  ///< The streams were reset, and the context still does not work.
  leaked = 23,         ///< A reference to a context that was not given back.
};

/// Runs the workload with the fault, and without it on the same context and streams; prints what
/// went wrong. Needs both layers.
Outcome run_with(const Choice& choice);

/// Runs the workload without faults and prints how often it calls each entry point.
/// @return  Whether all went well.
bool count_calls();

}  // namespace dovetail::sweep

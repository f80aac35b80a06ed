// SPDX-License-Identifier: Apache-2.0
// One pass over the public API, section by section, each of which checks its numbers.
#pragma once

#include <string>
#include <vector>

#include "tests/faults/sweep/fixture.hpp"

namespace dovetail::sweep {

/// How a section failed.
enum class Failing {
  typed,    ///< By one of Dovetail's exceptions, as promised.
  foreign,  ///< By any other.
  wrong,    ///< By numbers that are not right, without an exception.
};

struct Failure {
  Failing how;
  std::string text;  ///< The section, and what was thrown.
};

/// Runs on a context of its own. Its objects stay from one pass to the next, as in a program that
/// goes on after an error.
class Workload {
 public:
  /// Runs all sections; one that throws does not keep the others from running.
  std::vector<Failure> run();

  /// Does what docs/errors.md asks for after an error: resets the streams.
  void recover() { fixture_.reset_streams(); }

 private:
  Fixture fixture_;
};

/// A part of the work, such as "events".
struct Section {
  const char* name;
  void (*run)(Fixture& fixture);
};

// The sections of each layer, in the order in which they run.
extern const std::vector<Section> stream_sections, runtime_sections, tensor_sections,
    interop_sections;

}  // namespace dovetail::sweep

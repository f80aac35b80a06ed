// SPDX-License-Identifier: Apache-2.0
// Checks a record of ordering decisions against what the record itself proves, with no code of the
// library's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dovetail/stream/explain.hpp"

namespace dovetail::test {

struct OrderFigures {
  std::uint64_t commands = 0;
  std::uint64_t dependencies = 0;  ///< Decisions.
  std::uint64_t elided = 0;        ///< Of these, met without a wait.
  std::uint64_t waited = 0;        ///< Of these, met by a wait; those on foreign work included.
  std::uint64_t needless = 0;      ///< Waits for what was ordered already, foreign work aside.
  std::uint64_t unchecked = 0;     ///< Elisions that rest on what lies before the record.

  OrderFigures& operator+=(const OrderFigures& other);
};

struct OrderCheck {
  std::vector<std::string> violations;  ///< Texts for people; the first 20.
  std::uint64_t violation_count = 0;
  OrderFigures figures;

  /// Returns the violations, one a line.
  std::string str() const;
};

/// Replays `record` and builds the order that it proves: the commands of one stream follow their
/// tickets; a marker follows everything enqueued before it, waits included; work that waits for a
/// marker follows it; work that is enqueued after the host saw earlier work done follows that.
///
/// A violation is: two conflicting commands without a proven order; a verdict that the record
/// contradicts; a wait that names no marker, or comes after its consumer was enqueued; a ticket out
/// of order. What lies before the record is no violation.
OrderCheck check_order(const OrderRecord& record);

}  // namespace dovetail::test

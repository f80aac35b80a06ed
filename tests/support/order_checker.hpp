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

  /// The violations, one a line.
  std::string str() const;
};

/// Replays `record` and builds what it proves to come before what: the commands of one stream in
/// the order of their tickets; a marker after all that its queue had been given, waits included;
/// work that was made to wait for a marker after it; work that is given after the host learnt that
/// earlier work is done.
///
/// A violation is: two commands in conflict of which the earlier is not proven to come first; a
/// verdict that the record does not bear out; a wait that names no marker, or comes when its
/// consumer is on the queue already; a ticket out of order. What the record cannot tell, since it
/// began later, is not held against anybody.
OrderCheck check_order(const OrderRecord& record);

}  // namespace dovetail::test

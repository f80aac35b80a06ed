// SPDX-License-Identifier: Apache-2.0
// Checks the oracle for order records with records made by hand, sound and broken.
#include "tests/oracles/order_checker.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <utility>

#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::check_order;
using test::expect_parts;
using test::OrderCheck;
using Uses = std::vector<CommandEntry::Use>;

constexpr Point p1{1, 1}, p2{1, 2}, p3{1, 3}, q1{2, 1}, q2{2, 2}, r1{3, 1};
const CommandEntry::Use writes{7, 0, 64, Access::read_write}, reads{7, 0, 64, Access::read};

CommandEntry command(Point point, Uses uses) { return {point, "kernel 'k'", std::move(uses)}; }

DecisionEntry decision(Point consumer, Point producer, Verdict verdict,
                       Hazard hazard = Hazard::read_after_write) {
  return {consumer, producer, verdict, hazard, "kernel 'k'", {}};
}

void expect_sound(const OrderRecord& record) {
  const OrderCheck check = check_order(record);
  EXPECT_EQ(check.violation_count, 0u) << check.str() << explain(record);
}

template <typename... Parts>
void expect_broken(const OrderRecord& record, const Parts&... parts) {
  const OrderCheck check = check_order(record);
  EXPECT_EQ(check.violation_count, 1u) << explain(record);
  expect_parts(check.str(), parts...);
}

/// Returns a record of a write on stream 1, its marker, and a command of stream 2 that waited.
OrderRecord waited(Uses uses = {reads}) {
  return {command(p1, {writes}), command(q1, std::move(uses)), MarkerEntry{1, p1},
          decision(q1, p1, Verdict::waited), WaitEntry{q1, 1}};
}

OrderRecord operator+(OrderRecord record, const OrderRecord& more) {
  record.insert(record.end(), more.begin(), more.end());
  return record;
}

TEST(OrderChecker, AcceptsAnEmptyRecord) { expect_sound({}); }

TEST(OrderChecker, AcceptsTheOrderOfOneQueue) {
  expect_sound({command(p1, {writes}), command(p2, {reads}), decision(p2, p1, Verdict::same_queue),
                command(p3, {writes})});
}

TEST(OrderChecker, AcceptsAWaitAndCountsIt) {
  expect_sound(waited());
  const OrderCheck check = check_order(waited());
  EXPECT_EQ(check.figures.commands, 2u);
  EXPECT_EQ(check.figures.dependencies, 1u);
  EXPECT_EQ(check.figures.waited, 1u);
  EXPECT_EQ(check.figures.elided, 0u);
  EXPECT_EQ(check.figures.needless, 0u);
}

TEST(OrderChecker, FindsAMissingWaitForEachHazard) {
  expect_broken({command(p1, {writes}), command(q1, {reads})}, "nothing orders it after #1:1",
                "read after write");
  expect_broken({command(p1, {reads}), command(q1, {writes})}, "write after read");
  expect_broken({command(p1, {writes}), command(q1, {writes})}, "write after write");
}

TEST(OrderChecker, AcceptsReadsSideBySide) {
  expect_sound({command(p1, {reads}), command(q1, {reads}), command(r1, {reads})});
}

TEST(OrderChecker, HoldsAWriteAgainstEveryReaderSince) {
  const OrderRecord readers{command(p1, {reads}), command(q1, {reads})};
  const OrderRecord write{command(r1, {writes}), MarkerEntry{1, p1},
                          decision(r1, p1, Verdict::waited), WaitEntry{r1, 1}};
  expect_broken(readers + write, "nothing orders it after #2:1", "write after read");
  expect_sound(
      readers + write +
      OrderRecord{MarkerEntry{2, q1}, decision(r1, q1, Verdict::waited), WaitEntry{r1, 2}});
}

TEST(OrderChecker, ComparesBytes) {
  const CommandEntry::Use front{7, 0, 32, Access::write}, back{7, 32, 64, Access::write};
  const CommandEntry::Use other{8, 0, 64, Access::write}, last_of_front{7, 31, 33, Access::read};
  expect_sound({command(p1, {front}), command(q1, {back}), command(r1, {other})});
  expect_broken({command(p1, {front}), command(q1, {last_of_front})}, "memory 7 [31, 33)");
  // A later write covers only the middle, so the earlier one still counts on both sides.
  const OrderRecord parts{command(p1, {writes}), command(p2, {{7, 16, 32, Access::write}})};
  expect_broken(parts + OrderRecord{command(q1, {{7, 8, 16, Access::read}})}, "after #1:1");
  expect_broken(parts + OrderRecord{command(q1, {{7, 20, 24, Access::read}})}, "after #1:2");
  expect_broken(parts + OrderRecord{command(q1, {{7, 63, 64, Access::read}})}, "after #1:1");
  expect_sound(parts + OrderRecord{command(q1, {{7, 64, 80, Access::read}})});
}

TEST(OrderChecker, FindsAMarkerThatDoesNotCover) {
  const OrderCheck check =
      check_order({command(p1, {}), command(p2, {writes}), MarkerEntry{1, p1}, command(q1, {reads}),
                   decision(q1, p2, Verdict::waited), WaitEntry{q1, 1}});
  EXPECT_EQ(check.violation_count, 2u) << check.str();
  expect_parts(check.str(), "no wait for a marker that covers it follows",
               "nothing orders it after #1:2");
}

TEST(OrderChecker, FindsAMarkerOfAnotherStream) {
  const OrderCheck check =
      check_order({command(p1, {writes}), command(r1, {}), MarkerEntry{1, r1}, command(q1, {reads}),
                   decision(q1, p1, Verdict::waited), WaitEntry{q1, 1}});
  EXPECT_EQ(check.violation_count, 2u) << check.str();
}

TEST(OrderChecker, FindsAWaitThatComesTooLate) {
  const OrderRecord late_by_ticket{command(p1, {writes}), command(q1, {reads}), MarkerEntry{1, p1},
                                   WaitEntry{q2, 1}};
  expect_broken(late_by_ticket, "nothing orders it after #1:1");
  // The marker on the consumer's queue shows that the consumer had been enqueued.
  const OrderCheck late = check_order({command(p1, {writes}), command(q1, {reads}),
                                       MarkerEntry{1, p1}, MarkerEntry{2, q1}, WaitEntry{q1, 1}});
  EXPECT_EQ(late.violation_count, 2u);
  expect_parts(late.str(), "nothing orders it after #1:1", "comes too late");
}

TEST(OrderChecker, FindsAVerdictOfAWaitWithoutTheWait) {
  const OrderCheck check = check_order({command(p1, {writes}), command(q1, {reads}),
                                        decision(q1, p1, Verdict::waited), command(q2, {})});
  EXPECT_EQ(check.violation_count, 2u);
  expect_parts(check.str(), "no wait for a marker that covers it follows");
  expect_broken({command(p1, {}), decision(q1, p1, Verdict::foreign, Hazard::wait)}, "foreign",
                "no wait for a marker");
}

TEST(OrderChecker, AcceptsAMarkerBetweenADecisionAndItsWait) {
  // Another thread marks the consumer's queue while Stream::wait is at work.
  expect_sound({command(p1, {writes}), command(q1, {}), MarkerEntry{1, p1},
                decision(q2, p1, Verdict::waited, Hazard::wait), MarkerEntry{2, q1},
                WaitEntry{q2, 1}, command(q2, {reads}),
                decision(q2, p1, Verdict::already_ordered)});
}

TEST(OrderChecker, ChecksSameQueue) {
  expect_broken({command(p1, {}), command(q1, {}), decision(q1, p1, Verdict::same_queue)},
                "they are on two queues");
  expect_broken({command(p1, {}), command(p2, {}), decision(p2, p1, Verdict::completed)},
                "they are on one queue");
}

TEST(OrderChecker, ChecksAlreadyOrdered) {
  expect_sound(waited() +
               OrderRecord{command(q2, {reads}), decision(q2, p1, Verdict::already_ordered)});
  expect_broken({command(p1, {}), command(q1, {}), decision(q1, p1, Verdict::already_ordered)},
                "already_ordered", "nothing orders it");
}

TEST(OrderChecker, DistinguishesTransitiveFromAlreadyOrdered) {
  const OrderRecord by_way_of_q =
      waited() + OrderRecord{MarkerEntry{2, q1}, command(r1, {writes}),
                             decision(r1, q1, Verdict::waited), WaitEntry{r1, 2}};
  const Point r2{3, 2};
  const OrderRecord next{command(r2, {reads})};
  expect_sound(by_way_of_q + next + OrderRecord{decision(r2, p1, Verdict::transitive)});
  expect_sound(by_way_of_q + next + OrderRecord{decision(r2, q1, Verdict::already_ordered)});
  expect_broken(by_way_of_q + next + OrderRecord{decision(r2, p1, Verdict::already_ordered)},
                "no wait between the two covers it");
  expect_broken(by_way_of_q + next + OrderRecord{decision(r2, q1, Verdict::transitive)},
                "a wait between the two covers it");
}

TEST(OrderChecker, DoesNotPassOnWhatAMarkerCameBefore) {
  // Stream 2 is marked first, and waits for stream 1 only then.
  expect_broken(
      {command(p1, {writes}), command(q1, {}), MarkerEntry{1, q1}, MarkerEntry{2, p1},
       decision(q2, p1, Verdict::waited, Hazard::wait), WaitEntry{q2, 2}, command(r1, {reads}),
       decision(r1, q1, Verdict::waited, Hazard::wait), WaitEntry{r1, 1}},
      "nothing orders it after #1:1");
}

TEST(OrderChecker, ChecksCompleted) {
  const OrderRecord first{command(p1, {writes})}, second{command(q1, {reads})};
  const OrderRecord verdict{decision(q1, p1, Verdict::completed)};
  const OrderRecord done{CompletionEntry{p1}};
  expect_sound(first + done + second + verdict);
  expect_sound(first + second + done + verdict);
  const OrderCheck unknown = check_order(first + second + verdict + done);
  EXPECT_EQ(unknown.violation_count, 2u) << unknown.str();
  expect_parts(unknown.str(), "nothing says that it is done", "nothing orders it after #1:1");
}

TEST(OrderChecker, KnowsThatWhatCameBeforeDoneWorkIsDone) {
  expect_sound(waited() + OrderRecord{CompletionEntry{q1}, command(r1, {writes}),
                                      decision(r1, p1, Verdict::completed)});
  expect_broken(waited() + OrderRecord{command(q2, {}), CompletionEntry{p1}, command(r1, {writes}),
                                       decision(r1, p1, Verdict::completed)},
                "nothing orders it after #2:1");
}

TEST(OrderChecker, CountsNeedlessWaits) {
  const OrderCheck check =
      check_order(waited() + OrderRecord{command(q2, {reads}), MarkerEntry{2, p1},
                                         decision(q2, p1, Verdict::waited), WaitEntry{q2, 2}});
  EXPECT_EQ(check.violation_count, 0u) << check.str();
  EXPECT_EQ(check.figures.waited, 2u);
  EXPECT_EQ(check.figures.needless, 1u);
}

TEST(OrderChecker, FindsTicketsOutOfOrder) {
  expect_broken({command(p1, {}), command(p3, {})}, "the ticket before it is 1");
  expect_broken({command(p1, {}), command(q1, {}), decision(q1, p2, Verdict::waited),
                 MarkerEntry{1, p1}, command(p2, {}), MarkerEntry{2, p2}, WaitEntry{q1, 2}},
                "has not been given that work yet");
  expect_broken({command(p1, {}), CompletionEntry{p2}}, "is done, but was not given yet");
  expect_broken({command(p1, {}), MarkerEntry{1, p2}}, "which was not given yet");
}

TEST(OrderChecker, LeavesOpenWhatLiesBeforeTheRecord) {
  const Point p9{1, 9};
  const OrderRecord record{command(p9, {}), command(q1, {reads}),
                           decision(q1, p3, Verdict::already_ordered),
                           decision(q1, r1, Verdict::completed)};
  expect_sound(record);
  EXPECT_EQ(check_order(record).figures.unchecked, 2u);
  expect_broken({command(p9, {}), command(q1, {}), decision(q1, p9, Verdict::completed)},
                "nothing says that it is done");
}

TEST(OrderChecker, AcceptsAWaitForAForeignEvent) {
  expect_sound({decision(q1, {}, Verdict::foreign, Hazard::wait), WaitEntry{q1, 99}});
  expect_sound({decision(q1, {}, Verdict::completed, Hazard::wait)});
}

TEST(OrderChecker, ChecksLongRecordsFastEnough) {
  OrderRecord record;
  constexpr std::uint64_t streams = 64, commands = 100'000;
  std::uint64_t markers = 0;
  std::vector<std::uint64_t> tickets(streams, 0);
  for (std::uint64_t i = 0; i < commands; ++i) {  // each stream takes the memory over from another
    const std::uint64_t from = (i * 7 + streams - 7) % streams, to = i * 7 % streams;
    const Point producer{from + 1, tickets[from]}, consumer{to + 1, ++tickets[to]};
    record.emplace_back(command(consumer, {writes, {8 + i % 100, 0, 64, Access::read}}));
    if (producer.ticket == 0) continue;
    record.emplace_back(MarkerEntry{++markers, producer});
    record.emplace_back(decision(consumer, producer, Verdict::waited, Hazard::write_after_write));
    record.emplace_back(WaitEntry{consumer, markers});
  }
  const std::clock_t start = std::clock();  // of the processor: others may use it, too
  expect_sound(record);
  EXPECT_LT(std::clock() - start, 20 * CLOCKS_PER_SEC);
}

}  // namespace
}  // namespace dovetail

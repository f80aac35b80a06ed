// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/capture/recording_progress.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

namespace dovetail::detail {
namespace {

using enum RecordingStatus;

constexpr std::array all{pending, submitting, submitted, discarded};

TEST(RecordingProgress, StateMachineHasTheseTransitionsAlone) {
  constexpr std::array<std::array<bool, 4>, 4> expected{{
      {false, true, false, true},    // from pending
      {true, false, true, true},     // from submitting
      {false, false, false, true},   // from submitted
      {false, false, false, false},  // from discarded
  }};
  for (std::size_t from = 0; from < all.size(); ++from) {
    for (std::size_t to = 0; to < all.size(); ++to) {
      EXPECT_EQ(is_transition(all[from], all[to]), expected[from][to]) << from << " to " << to;
    }
  }
}

TEST(RecordingProgress, IllegalTransitionThrowsAndChangesNothing) {
  RecordingProgress progress;
  EXPECT_THROW(progress.transition(submitted), Error);
  EXPECT_TRUE(progress.is_pending());
  progress.transition(submitting);
  EXPECT_THROW(progress.transition(submitting), Error);
  EXPECT_EQ(progress.status(), submitting);
}

TEST(RecordingProgress, FirstSubmissionPassesThroughSubmitting) {
  RecordingProgress progress;
  EXPECT_FALSE(progress.is_settled());
  progress.submitting([&] {
    EXPECT_EQ(progress.status(), submitting);
    EXPECT_FALSE(progress.is_settled());
  });
  EXPECT_EQ(progress.status(), submitted);
  EXPECT_TRUE(progress.is_settled());
}

TEST(RecordingProgress, FailedFirstSubmissionLeavesItPending) {
  RecordingProgress progress;
  EXPECT_THROW(progress.submitting([] { throw std::logic_error("refused"); }), std::logic_error);
  EXPECT_TRUE(progress.is_pending());
}

TEST(RecordingProgress, FailedLaterSubmissionLeavesItSubmitted) {
  RecordingProgress progress;
  progress.submitting([] {});
  EXPECT_THROW(progress.submitting([&] {
    EXPECT_EQ(progress.status(), submitted);
    throw std::logic_error("refused");
  }),
               std::logic_error);
  EXPECT_EQ(progress.status(), submitted);
}

TEST(RecordingProgress, DiscardedRecordingIsSettledForGood) {
  RecordingProgress progress;
  progress.discard();
  EXPECT_EQ(progress.status(), discarded);
  EXPECT_TRUE(progress.is_settled());
  for (const RecordingStatus to : all) EXPECT_THROW(progress.transition(to), Error);
}

TEST(RecordingProgress, NumbersRise) {
  const RecordingProgress first, second;
  EXPECT_LT(first.number(), second.number());
  EXPECT_LT(second.number(), no_recording);
}

}  // namespace
}  // namespace dovetail::detail

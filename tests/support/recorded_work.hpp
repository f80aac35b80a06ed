// SPDX-License-Identifier: Apache-2.0
// What the tests of captures and recordings share: two streams, and work whose order shows.
#pragma once

#include "dovetail/runtime/recording.hpp"
#include "tests/support/ordered_work.hpp"

namespace dovetail::test {

/// @tparam Base  What fixture it extends, such as testing::Test.
template <typename Base>
class RecordedWork : public OrderedWork<Base> {
 protected:
  /// Captures what `work` gives to `on` and to the streams that fork from it.
  template <typename Work>
  static Recording captured(const Stream& on, const RecordingOptions& options, const Work& work) {
    Capture capture(on, options);
    work();
    return capture.end();
  }

  const Stream stream{context()};
  const Stream other{context()};
};

}  // namespace dovetail::test

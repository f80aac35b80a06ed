// SPDX-License-Identifier: Apache-2.0
// What the tests of captures and recordings share: two streams, and work whose order shows.
#pragma once

#include <cstddef>
#include <vector>

#include "tests/support/contexts.hpp"
#include "tests/support/ordered_work.hpp"

namespace dovetail::test {

/// A fixture whose work sets, grows and copies buffers of `count` integers.
/// @tparam Base  What fixture it extends, such as testing::Test.
template <typename Base>
class RecordedWork : public Base {
 protected:
  static constexpr std::size_t count = 64;

  /// A buffer's contents if they are all the same.
  static std::vector<int> all(int value) { return std::vector<int>(count, value); }

  static void set(const Buffer& buffer, int value, const Stream& on) {
    set_kernel().launch(on, NDRange({count}), writes(buffer), value);
  }
  static void grow(const Buffer& buffer, const Stream& on) {
    grow_kernel().launch(on, NDRange({count}), buffer);
  }
  static void copy(const Buffer& from, const Buffer& to, const Stream& on) {
    copy_kernel().launch(on, NDRange({count}), from, writes(to));
  }

  const Stream stream{context()};
  const Stream other{context()};
};

}  // namespace dovetail::test

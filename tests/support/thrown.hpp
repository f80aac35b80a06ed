// SPDX-License-Identifier: Apache-2.0
// Looks at what a call throws.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <typeinfo>

namespace dovetail::test {

/// The exception that `call` throws, which must be of type `E` itself; else the test fails and
/// nothing is returned.
template <typename E, typename Call>
std::optional<E> caught(Call call) {
  try {
    call();
  } catch (const E& error) {
    EXPECT_EQ(typeid(error).name(), typeid(E).name()) << error.what();
    return error;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "threw another type, " << typeid(error).name() << ": " << error.what();
    return std::nullopt;
  }
  ADD_FAILURE() << "threw nothing, but " << typeid(E).name() << " was expected";
  return std::nullopt;
}

/// The text of the exception of type `E` that `call` throws.
template <typename E, typename Call>
std::string text_thrown(Call call) {
  const auto error = caught<E>(call);
  return error ? error->what() : std::string();
}

/// Expects each of `parts` in `text`.
template <typename... Parts>
void expect_parts(const std::string& text, const Parts&... parts) {
  (([&] {
     EXPECT_NE(text.find(parts), std::string::npos)
         << "'" << parts << "' is missing from: " << text;
   }()),
   ...);
}

/// Expects that `call` throws an `E` whose text holds each of `parts`.
template <typename E, typename Call, typename... Parts>
void expect_throws(Call call, const Parts&... parts) {
  expect_parts(text_thrown<E>(call), parts...);
}

}  // namespace dovetail::test

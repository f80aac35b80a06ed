// SPDX-License-Identifier: Apache-2.0
// Runs one function on several threads that start together.
#pragma once

#include <barrier>
#include <exception>
#include <thread>
#include <vector>

namespace dovetail::test {

/// Calls `body(index)` on `count` threads, which meet before the first starts; then throws the
/// first exception that one of them threw.
template <typename Body>
void on_threads(int count, Body body) {
  std::barrier start(count);
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(count));
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        try {
          body(i);
        } catch (...) {
          failures[static_cast<std::size_t>(i)] = std::current_exception();
        }
      });
    }
  }
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace dovetail::test

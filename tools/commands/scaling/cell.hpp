// SPDX-License-Identifier: Apache-2.0
// The cells of the scaling table: who dispatches, through which queues, waiting how, doing what.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace dovetail::tool {

/// Which code dispatches: plain OpenCL calls (the floor), Dovetail's launch, or a matmul backend.
enum class Path { raw, stream, clblast, kernel };
/// One queue for all threads, one each, one each from a StreamPool, or a process for each.
enum class Queue { shared, separate, pool, process };
/// Wait for the queue after each operation, for an event of each operation, or once at the end.
enum class Sync { per_op, event, async };
/// What an operation does; work.cpp has the sizes.
enum class Work { empty, launch, memory, compute };

inline constexpr std::array<std::string_view, 4> path_names{"raw", "stream", "clblast", "kernel"};
inline constexpr std::array<std::string_view, 4> queue_names{"shared", "separate", "pool",
                                                             "process"};
inline constexpr std::array<std::string_view, 3> sync_names{"per_op", "event", "async"};
inline constexpr std::array<std::string_view, 4> work_names{"empty", "launch", "memory", "compute"};

constexpr std::string_view name_of(Path path) { return path_names[static_cast<std::size_t>(path)]; }
constexpr std::string_view name_of(Queue queue) {
  return queue_names[static_cast<std::size_t>(queue)];
}
constexpr std::string_view name_of(Sync sync) { return sync_names[static_cast<std::size_t>(sync)]; }
constexpr std::string_view name_of(Work work) { return work_names[static_cast<std::size_t>(work)]; }

/// Returns the enumerator whose name stands in `names` at its value's place.
template <typename Enum>
constexpr std::optional<Enum> from_name(std::span<const std::string_view> names,
                                        std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

struct Cell {
  Path path;
  Queue queue;
  Sync sync;
  Work work;
  unsigned threads;
};

}  // namespace dovetail::tool

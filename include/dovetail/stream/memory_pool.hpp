// SPDX-License-Identifier: Apache-2.0
// Device memory that is recycled in stream order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/stream/buffer.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

/// Limits of a pool.
struct MemoryPoolOptions {
  /// Bytes that the pool may hold at once, in use and cached together.
  std::size_t limit_nbytes = std::numeric_limits<std::size_t>::max();
  /// Bytes that may stay cached; beyond them the pool releases the block that was cached longest.
  /// Default: unlimited; on a CPU, a quarter of its memory, which it shares with the host.
  std::optional<std::size_t> keep_nbytes = std::nullopt;
};

/// Counts of a pool. Bytes are those of whole blocks: `reserved` is `in_use` plus `cached`.
struct MemoryPoolStatistics {
  std::size_t reserved = 0;
  std::size_t in_use = 0;
  std::size_t cached = 0;
  std::size_t peak_reserved = 0;
  std::size_t peak_in_use = 0;
  std::uint64_t hits = 0;        ///< Allocations from a cached block.
  std::uint64_t misses = 0;      ///< Allocations of a new block.
  std::uint64_t waits = 0;       ///< Hits whose first use must wait for another stream.
  std::uint64_t released = 0;    ///< Blocks returned to OpenCL.
  std::uint64_t recoveries = 0;  ///< Allocations that succeeded after cached blocks were released.

  /// Returns the number of all allocations.
  std::uint64_t allocations() const noexcept { return hits + misses; }
};

/// Blocks of device memory of one context, kept and recycled when their last Buffer goes.
///
/// Every choice of block is safe: a block keeps the record of its last users, and the work of the
/// next user comes after theirs, on all streams. The pool chooses the block that needs no wait: a
/// cached one whose last uses are on the same stream, already come before the stream's next work,
/// or are known to be done; else a new one. If the limit forbids that, it takes a cached block that
/// another stream still uses, with a wait on the device.
///
/// Size classes are 512 bytes, then 8 for each power of two up to 16 MiB, then multiples of 2 MiB.
/// So above 512 bytes a block exceeds a request by less than an eighth and less than 2 MiB.
///
/// The pool does not recycle a block after `Buffer::lend`, as others may use its native handle
/// unseen. Thread-safe; taking a cached block makes no OpenCL call.
class DOVETAIL_EXPORT MemoryPool {
 public:
  /// Makes an empty pool.
  explicit MemoryPool(const Context& context, const MemoryPoolOptions& options = {});
  /// Releases the cached blocks; blocks in use are released with their Buffers.
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  /// Returns the context's own pool, which tensors allocate from. The first call makes it; it lives
  /// as long as the context and has no limit but the device's.
  static MemoryPool& of(const Context& context);

  /// Allocates uninitialised memory whose first use is best on `stream`; other streams may use it
  /// too. The last handle gives it back to the pool. With 0, allocates none.
  ///
  /// If memory runs out, releases cached blocks and tries once more. Drivers may defer the
  /// allocation until a command uses the memory; launches then do this with the context's pool.
  /// @throws OutOfMemory      too much is in use; the text has the figures.
  /// @throws InvalidArgument  the stream belongs to another context.
  [[nodiscard]] Buffer allocate(const Stream& stream, std::size_t nbytes);

  /// Releases cached blocks, those cached longest first, until at most `keep_nbytes` are left, and
  /// returns the bytes released. Memory of work in flight is free when that work is done.
  std::size_t trim(std::size_t keep_nbytes = 0);

  MemoryPoolStatistics statistics() const;  ///< Returns the counts.

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace dovetail

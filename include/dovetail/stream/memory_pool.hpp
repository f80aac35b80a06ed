// SPDX-License-Identifier: Apache-2.0
// Device memory that is used again, in stream order.
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

struct MemoryPoolOptions {
  /// Bytes that the pool may hold at once, in use and cached together.
  std::size_t limit_nbytes = std::numeric_limits<std::size_t>::max();
  /// Bytes that may lie cached; of more, what has lain longest is released. Not given: any number,
  /// but on a CPU, whose memory is the host's, a quarter of it.
  std::optional<std::size_t> keep_nbytes = std::nullopt;
};

/// What a pool holds and has done. Bytes are those of blocks, which may be larger than what was
/// asked for: `reserved` is `in_use` plus `cached`.
struct MemoryPoolStatistics {
  std::size_t reserved = 0;
  std::size_t in_use = 0;
  std::size_t cached = 0;
  std::size_t peak_reserved = 0;
  std::size_t peak_in_use = 0;
  std::uint64_t hits = 0;        ///< Allocations that took a cached block.
  std::uint64_t misses = 0;      ///< Allocations that made a new one.
  std::uint64_t waits = 0;       ///< Hits whose first use has to wait for another stream's work.
  std::uint64_t released = 0;    ///< Blocks given to OpenCL.
  std::uint64_t recoveries = 0;  ///< Allocations that went well once cached blocks were released.

  std::uint64_t allocations() const noexcept { return hits + misses; }
};

/// Blocks of device memory of one context, kept when their last Buffer goes and handed out again.
///
/// Order is safe whichever block is handed out: a block keeps the record of who used it last, so
/// work of its next user comes after that, on whichever streams. The pool chooses so that this
/// costs nothing: a cached block whose last uses were on the same stream, or come before the
/// stream's next work already, or are known to be done; else a new block; and where the limit
/// forbids one, a cached block that is still in use on another stream, with a wait on the device.
///
/// Blocks have sizes in classes: 512 bytes, then 8 classes for each power of two up to 16 MiB, and
/// multiples of 2 MiB beyond. So above 512 bytes a block exceeds what was asked for by less than an
/// eighth, and by less than 2 MiB.
///
/// A block whose native handle was asked for (`Buffer::get`) is not handed out again, as others may
/// use it unseen. Thread-safe; taking a cached block makes no OpenCL call.
class DOVETAIL_EXPORT MemoryPool {
 public:
  explicit MemoryPool(const Context& context, const MemoryPoolOptions& options = {});
  /// Releases what is cached; blocks in use are released as their Buffers go.
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  /// The context's own pool, which tensors come from. It is made at the first call, lives exactly
  /// as long as the context and has no limit but the device's.
  static MemoryPool& of(const Context& context);

  /// Uninitialised memory, for work on `stream` first: it may be used on any. Goes back to the pool
  /// with its last handle. With 0 bytes, holds none.
  ///
  /// Where memory runs out, releases cached blocks and tries once more. Drivers may put that off:
  /// then memory runs out at the first work that uses it, and a kernel's launch does the same with
  /// the context's own pool.
  /// @throws OutOfMemory      too much is in use; the text has the figures.
  /// @throws InvalidArgument  the stream belongs to another context.
  [[nodiscard]] Buffer allocate(const Stream& stream, std::size_t nbytes);

  /// Releases cached blocks, those that have lain longest first, until at most `keep_nbytes` are
  /// left. The memory of work that has not run yet is free when that has. Returns the bytes
  /// released.
  std::size_t trim(std::size_t keep_nbytes = 0);

  MemoryPoolStatistics statistics() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// Where every operation keeps its kernels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "dovetail/core/context.hpp"
#include "lib/core/context_attachment.hpp"

namespace dovetail::detail {

/// The kernels of one family of operations on one context. `Key` is a small value that says all
/// that a kernel depends on, `Made` a kernel, or a plan that holds one. Thread-safe: kernels are
/// built outside the locks, and threads that build the same one at once share the first.
template <typename Key, typename Made, typename Hash = std::hash<Key>>
class KernelCache {
 public:
  static KernelCache& of(const Context& context) {
    return attachment<KernelCache>(context, [] { return std::make_shared<KernelCache>(); });
  }

  /// Returns what `make()` made for `key`, and calls it at the first use.
  /// @param version  What was made under another version is dropped.
  template <typename Make>
  std::shared_ptr<const Made> get(const Key& key, const Make& make, std::uint64_t version = 0) {
    Shard& shard = shards_[Hash()(key) % shards_.size()];
    Map dropped;  // before the lock, so that kernels are released after it
    {
      const std::scoped_lock lock(shard.mutex);
      // Where keys keep changing, those that are needed most are soon there again.
      if (shard.version != version || shard.made.size() >= most_in_shard) dropped.swap(shard.made);
      shard.version = version;
      if (const auto found = shard.made.find(key); found != shard.made.end()) return found->second;
    }
    auto made = std::make_shared<const Made>(make());
    const std::scoped_lock lock(shard.mutex);
    if (shard.version != version) return made;
    return shard.made.try_emplace(key, std::move(made)).first->second;
  }

 private:
  using Map = std::unordered_map<Key, std::shared_ptr<const Made>, Hash>;

  static constexpr std::size_t most_in_shard = 1024;
  struct Shard {
    std::mutex mutex;
    std::uint64_t version = 0;
    Map made;
  };
  std::array<Shard, 8> shards_;
};

}  // namespace dovetail::detail

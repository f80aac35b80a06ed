// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "lib/ops/matmul/plan/gpu.hpp"

namespace dovetail::detail {
namespace {

using std::uint32_t;
using std::uint64_t;

/// How matmul/gpu/skinny.cl goes over a product; see there.
struct Skinny {
  bool a_is_big, is_dot;
  uint32_t results, count, lanes, depth, at_once;
};

/// Nothing where tiles are as fast.
std::optional<Skinny> take_skinny(const MatmulSizes& s) {
  Skinny k{};
  k.a_is_big = s.m >= s.n;
  k.results = k.a_is_big ? s.m : s.n;
  k.count = k.a_is_big ? s.n : s.m;
  k.is_dot = k.a_is_big ? !s.transpose_a : s.transpose_b;
  const bool small_along_k = k.a_is_big ? s.transpose_b : !s.transpose_a;
  if (k.count > 8 || (k.is_dot && !small_along_k && k.count > 2)) return std::nullopt;
  if (k.is_dot) {
    const uint32_t most = k.count == 1 ? 128 : k.count <= 4 ? 64 : 32;
    k.lanes = 8;
    while (k.lanes < most && k.lanes * 32 < s.k) k.lanes *= 2;
    k.depth = 128 / k.lanes;
    k.at_once = k.count == 1 ? 1 : k.count == 3 || k.count == 4 ? 4 : 2;
  } else {
    k.lanes = 16;
    k.depth = k.count <= 2 ? 16 : 8;
  }
  return k;
}

/// Parts of k that keep all compute units busy, where a group takes long enough to be worth them.
uint32_t skinny_parts(const Skinny& skinny, const DeviceTraits& gpu, const MatmulSizes& s,
                      uint64_t groups) {
  const uint64_t least_steps = skinny.is_dot ? uint64_t{64} * skinny.lanes : 256;
  if (s.k < 4 * least_steps) return 1;
  const uint64_t wanted = uint64_t{skinny.is_dot ? 4U : 8U} * gpu.compute_units;
  const uint64_t most = std::min<uint64_t>(64, s.k / least_steps);
  return static_cast<uint32_t>(
      std::clamp<uint64_t>(blocks<std::uint64_t>(wanted, groups), 1, most));
}

/// Work-groups of a part.
uint64_t groups_of(const Skinny& skinny, const MatmulSizes& s) {
  const bool big_vectors = skinny.a_is_big ? takes_vectors_a(s) : takes_vectors_b(s);
  const uint32_t per_group =
      skinny.is_dot ? skinny.depth * skinny.at_once : skinny.lanes * (big_vectors ? 4 : 1);
  return blocks<std::uint64_t>(skinny.results, per_group) * s.batch;
}

MatmulPlan plan_of(const Skinny& skinny, const MatmulSizes& s, uint32_t parts) {
  const bool big_vectors = skinny.a_is_big ? takes_vectors_a(s) : takes_vectors_b(s);
  const bool small_vectors = skinny.a_is_big ? takes_vectors_b(s) : takes_vectors_a(s);
  const uint64_t groups = groups_of(skinny, s);
  const uint32_t steps = parts == 1 ? s.k : std::min(s.k, steps_per_part(s.k, parts));
  BuildOptions options = steps < s.k ? matmul_part_options(s) : matmul_options(s);
  options.define("BIG_A", skinny.a_is_big ? 1 : 0)
      .define("COUNT", skinny.count)
      .define("LANES", skinny.lanes)
      .define("DEPTH", skinny.depth)
      .define("VECTOR_BIG", big_vectors ? 1 : 0)
      .define("VECTOR_SMALL", small_vectors ? 1 : 0);
  if (skinny.is_dot) options.define("RESULTS", skinny.at_once);
  const std::size_t items = std::size_t{skinny.lanes} * skinny.depth;
  return with_parts({.file = "matmul/gpu/skinny.cl",
                     .kernel = skinny.is_dot ? "matmul_skinny_dot" : "matmul_skinny_scale",
                     .options = std::move(options),
                     .global = {groups * items, 1, 1},
                     .local = {items, 1, 1}},
                    s.k, steps);
}

/// Nothing also where the GPU is too small for it.
std::optional<Skinny> take_skinny(const DeviceTraits& gpu, const MatmulSizes& s) {
  const auto skinny = take_skinny(s);
  if (!skinny) return std::nullopt;
  const std::size_t items = std::size_t{skinny->lanes} * skinny->depth;
  const std::size_t sums = items * skinny->count * (skinny->is_dot ? skinny->at_once : 4);
  if (items > gpu.max_work_group_size || sums * sum_size(s) > gpu.local_memory) return std::nullopt;
  return skinny;
}

}  // namespace

std::optional<SkinnyChoice> default_skinny(const DeviceTraits& gpu, const MatmulSizes& s) {
  const auto skinny = take_skinny(gpu, s);
  if (!skinny) return std::nullopt;
  return SkinnyChoice{.parts = skinny_parts(*skinny, gpu, s, groups_of(*skinny, s))};
}

std::optional<MatmulPlan> plan_skinny(const DeviceTraits& gpu, const MatmulSizes& s,
                                      const SkinnyChoice& choice) {
  const auto skinny = take_skinny(gpu, s);
  if (!skinny || choice.parts < 1 || choice.parts > 64) return std::nullopt;
  if (choice.parts > 1 && s.k < 64 * choice.parts) return std::nullopt;
  return plan_of(*skinny, s, choice.parts);
}

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
// How products are planned for GPUs, by limits rather than devices, so that plans for any GPU can
// be tested on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "dovetail/core/export.hpp"
#include "lib/ops/matmul_plan.hpp"

namespace dovetail::detail {

/// What a plan depends on of a GPU.
struct GpuLimits {
  std::uint32_t compute_units;
  std::size_t local_memory;  ///< Bytes per work-group.
  std::size_t max_work_group_size;
};

/// Exported for tests.
DOVETAIL_EXPORT MatmulPlan plan_matmul_gpu(const GpuLimits& gpu, const MatmulSizes& sizes);

/// With kernels/matmul/tile.cl, and matmul/reference.cl where the GPU's limits allow no tile.
MatmulPlan plan_tile(const GpuLimits& gpu, const MatmulSizes& sizes);
/// With kernels/matmul/skinny.cl; nothing where tiles are as fast.
std::optional<MatmulPlan> plan_skinny(const GpuLimits& gpu, const MatmulSizes& sizes);

constexpr std::uint64_t blocks(std::uint64_t size, std::uint64_t block) {
  return (size - 1) / block + 1;
}

/// Whether the operand can be read in vectors: its rows start and end at multiples of 4 elements.
inline bool takes_vectors_a(const MatmulSizes& s) {
  return s.is_a_aligned && (s.transpose_a ? s.m : s.k) % 4 == 0;
}
inline bool takes_vectors_b(const MatmulSizes& s) {
  return s.is_b_aligned && (s.transpose_b ? s.k : s.n) % 4 == 0;
}

/// Bytes of the numbers that products are added up in.
std::size_t sum_size(const MatmulSizes& sizes);

/// Steps of k per part, so that every part starts at a multiple of 32.
std::uint32_t steps_per_part(std::uint32_t k, std::uint32_t parts);

/// Completes a plan whose group id 1 is the part of k, each of `steps`.
MatmulPlan with_parts(MatmulPlan plan, std::uint32_t k, std::uint32_t steps);

}  // namespace dovetail::detail

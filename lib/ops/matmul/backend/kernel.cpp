// SPDX-License-Identifier: Apache-2.0
// The backends of Dovetail's own kernels, and the one that takes them or the vendor's.
#include "lib/ops/common/kernel_cache.hpp"
#include "lib/ops/matmul/backend/launch.hpp"
#include "lib/ops/matmul/tuning/live_tuning.hpp"

namespace dovetail::detail {
namespace {

struct PlanKey {
  MatmulSizes sizes;
  Recipe recipe;

  friend bool operator==(const PlanKey&, const PlanKey&) = default;
};
struct PlanKeyHash {
  std::size_t operator()(const PlanKey& key) const noexcept {
    return key.sizes.hash() + static_cast<std::size_t>(key.recipe);
  }
};

BuiltPlan build_tuned(const Stream& stream, const MatmulSizes& sizes) {
  const DeviceTraits device = traits_of(stream.device());
  const MatmulTuning tuning = LiveTuning::instance().find(stream.device(), case_of(sizes));
  auto plan = plan_choice(device, sizes, tuning.choice);
  if (!plan) plan = plan_choice(device, sizes, default_choice(device, sizes));
  BuiltPlan built(stream, *std::move(plan));
  built.prefers_clblast = tuning.backend == MatmulBackend::clblast;
  return built;
}

BuiltPlan build(const Stream& stream, const PlanKey& key) {
  switch (key.recipe) {
    case Recipe::reference:
      return {stream, plan_reference(key.sizes)};
    case Recipe::pack:
      return {stream, plan_pack(traits_of(stream.device()), key.sizes)};
    default:
      return build_tuned(stream, key.sizes);
  }
}

}  // namespace

std::shared_ptr<const BuiltPlan> built_plan(const Stream& stream, const MatmulSizes& sizes,
                                            Recipe recipe) {
  const PlanKey key{sizes, recipe};
  return KernelCache<PlanKey, BuiltPlan, PlanKeyHash>::of(stream.context())
      .get(
          key, [&] { return build(stream, key); }, LiveTuning::instance().version());
}

void matmul_reference(const Stream& stream, const MatmulProblem& problem) {
  run_plan(stream, problem, *built_plan(stream, problem.sizes, Recipe::reference));
}

void matmul_kernel(const Stream& stream, const MatmulProblem& problem) {
  run_plan(stream, problem, *built_plan(stream, problem.sizes, Recipe::tuned));
}

void matmul_automatic(const Stream& stream, const MatmulProblem& problem) {
  const auto built = built_plan(stream, problem.sizes, Recipe::tuned);
  // What CLBlast enqueues cannot be recorded.
  if (built->prefers_clblast && !stream.is_capturing() && clblast_offers(stream, problem)) {
    return matmul_clblast(stream, problem);
  }
  run_plan(stream, problem, *built);
}

}  // namespace dovetail::detail

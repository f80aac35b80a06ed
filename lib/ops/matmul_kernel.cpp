// SPDX-License-Identifier: Apache-2.0
// The backend of Dovetail's own kernels, and the one that takes them or the vendor's.
#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "lib/core/context_attachment.hpp"
#include "lib/ops/live_tuning.hpp"
#include "lib/ops/matmul_launch.hpp"

namespace dovetail::detail {
namespace {

/// The plans of a context's products, as working one out and finding its kernel costs more than a
/// launch.
class PlanTable {
 public:
  std::shared_ptr<const PlannedMatmul> get(const Stream& stream, const MatmulSizes& sizes) {
    Part& part = parts_[sizes.hash() % parts_.size()];
    const std::uint64_t version = tuning_.version();
    {
      const std::scoped_lock lock(part.mutex);
      // Shapes may keep changing; what they need most is soon there again.
      if (part.version != version || part.plans.size() >= most_plans) part.plans.clear();
      part.version = version;
      if (const auto found = part.plans.find(sizes); found != part.plans.end()) {
        return found->second;
      }
    }
    auto plan = make(stream, sizes);
    const std::scoped_lock lock(part.mutex);
    if (part.version != version) return plan;  // the tuning has changed meanwhile
    return part.plans.try_emplace(sizes, std::move(plan)).first->second;
  }

 private:
  static constexpr std::size_t most_plans = 1024;

  std::shared_ptr<const PlannedMatmul> make(const Stream& stream, const MatmulSizes& sizes) const {
    const Device& device = stream.device();
    if (sizes.is_b_packed) {
      return std::make_shared<const PlannedMatmul>(stream,
                                                   plan_packed_cpu(cpu_limits(device), sizes));
    }
    const MatmulTuning tuning = tuning_.find(device, case_of(sizes));
    auto plan = plan_choice(device, sizes, tuning.choice);
    if (!plan) plan = plan_choice(device, sizes, default_choice(device, sizes));
    auto planned = std::make_shared<PlannedMatmul>(stream, *plan);
    planned->prefers_clblast = tuning.backend == MatmulBackend::clblast;
    return planned;
  }

  struct Hash {
    std::size_t operator()(const MatmulSizes& sizes) const noexcept { return sizes.hash(); }
  };
  struct Part {
    std::mutex mutex;
    std::uint64_t version = 0;  // of the tuning that the plans were made with
    std::unordered_map<MatmulSizes, std::shared_ptr<const PlannedMatmul>, Hash> plans;
  };
  std::array<Part, 8> parts_;
  LiveTuning& tuning_ = LiveTuning::instance();
};

PlanTable& plan_table(const Context& context) {
  return attachment<PlanTable>(context, [] { return std::make_shared<PlanTable>(); });
}

}  // namespace

void matmul_kernel(const Stream& stream, const MatmulProblem& problem) {
  run_plan(stream, problem, *plan_table(stream.context()).get(stream, sizes_of(problem)));
}

void matmul_automatic(const Stream& stream, const MatmulProblem& problem) {
  const auto planned = plan_table(stream.context()).get(stream, sizes_of(problem));
  // What CLBlast enqueues cannot be recorded.
  if (planned->prefers_clblast && !stream.is_capturing() && clblast_offers(stream, problem)) {
    return matmul_clblast(stream, problem);
  }
  run_plan(stream, problem, *planned);
}

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
// The backend of Dovetail's own kernels.
#include <array>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "lib/core/context_attachment.hpp"
#include "lib/ops/matmul_launch.hpp"

namespace dovetail::detail {
namespace {

/// The plans of a context's products, as working one out and finding its kernel costs more than a
/// launch.
class PlanTable {
 public:
  std::shared_ptr<const PlannedMatmul> get(const Stream& stream, const MatmulSizes& sizes) {
    Part& part = parts_[sizes.hash() % parts_.size()];
    {
      const std::scoped_lock lock(part.mutex);
      if (const auto found = part.plans.find(sizes); found != part.plans.end()) {
        return found->second;
      }
    }
    auto plan = std::make_shared<const PlannedMatmul>(stream, plan_matmul(stream.device(), sizes));
    const std::scoped_lock lock(part.mutex);
    // Shapes may keep changing; what they need most is soon there again.
    if (part.plans.size() >= most_plans) part.plans.clear();
    return part.plans.try_emplace(sizes, std::move(plan)).first->second;
  }

 private:
  static constexpr std::size_t most_plans = 1024;
  struct Hash {
    std::size_t operator()(const MatmulSizes& sizes) const noexcept { return sizes.hash(); }
  };
  struct Part {
    std::mutex mutex;
    std::unordered_map<MatmulSizes, std::shared_ptr<const PlannedMatmul>, Hash> plans;
  };
  std::array<Part, 8> parts_;
};

}  // namespace

void matmul_kernel(const Stream& stream, const MatmulProblem& problem) {
  PlanTable& table =
      attachment<PlanTable>(stream.context(), [] { return std::make_shared<PlanTable>(); });
  run_plan(stream, problem, *table.get(stream, sizes_of(problem)));
}

}  // namespace dovetail::detail

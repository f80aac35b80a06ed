// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/order.hpp"

#include "lib/stream/order/stream_registry.hpp"

namespace dovetail::detail {

std::optional<Verdict> Order::foreseen(Point producer, bool foreign) const {
  const auto before = known(producer, foreign ? any_epoch : 0);
  if (before == Verdict::same_queue || (before && !any_stream_is_in_trouble())) return before;
  switch (progress_of(producer, foreign)) {
    case Progress::done:
      return before ? before : Verdict::completed;
    case Progress::under_way:
      return before ? before : wait(foreign);
    case Progress::doubtful:
      break;
  }
  return std::nullopt;
}

}  // namespace dovetail::detail

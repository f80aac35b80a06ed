// SPDX-License-Identifier: Apache-2.0
// Objects that live exactly as long as a context: caches of programs and kernels.
#pragma once

#include <functional>
#include <memory>
#include <typeindex>

#include "dovetail/core/context.hpp"

namespace dovetail::detail {

class ContextAttachments {
 public:
  /// The context's object of type `type`, made by `make` at the first call.
  DOVETAIL_EXPORT static void* get(const Context& context, std::type_index type,
                                   const std::function<std::shared_ptr<void>()>& make);
};

/// The context's object of type `T`, made by `make` at the first call. It is destroyed with the
/// context, and must not hold a Context, which would then never go. Thread-safe; `make` runs under
/// a lock of the context and must be quick.
template <typename T, typename Make>
T& attachment(const Context& context, Make make) {
  return *static_cast<T*>(ContextAttachments::get(context, typeid(T), [&] { return make(); }));
}

}  // namespace dovetail::detail

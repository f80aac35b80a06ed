// SPDX-License-Identifier: Apache-2.0
// Values for a SPIR-V module's specialization constants.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>

namespace dovetail {

/// Values for a module's `SpecId`s before the build, the counterpart of `BuildOptions::define`. The
/// others keep the module's own values.
///
///     SpecializationConstants().set(0, std::uint32_t{16}).set(1, 0.5f).set(2, true)
class SpecializationConstants {
 public:
  /// A value's bytes, as clSetProgramSpecializationConstant takes them.
  struct Value {
    std::array<unsigned char, 8> bytes{};
    std::size_t nbytes = 0;
  };

  /// Sets the constant whose SpecId is `id`. Replaces an earlier value.
  /// @param value  A value of the constant's own size: 1 byte for a bool, 4 for an int or a float.
  template <typename T>
  requires(std::integral<T> || std::floating_point<T>) &&
      (sizeof(T) <= 8) SpecializationConstants& set(std::uint32_t id, T value) {
    static_assert(sizeof(bool) == 1);  // as OpenCL has it
    Value& stored = values_[id];
    stored = {.nbytes = sizeof(T)};
    std::memcpy(stored.bytes.data(), &value, sizeof(T));
    return *this;
  }

  /// Returns the values by SpecId.
  const std::map<std::uint32_t, Value>& values() const noexcept { return values_; }

 private:
  std::map<std::uint32_t, Value> values_;
};

}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
// The 16-bit floats on the host.
#pragma once

#include <bit>
#include <cstdint>

#include "dovetail/core/export.hpp"

namespace dovetail {

/// IEEE 754 binary16: 11 significant bits, at most 65504. For storage; compute in float.
class Float16 {
 public:
  Float16() = default;
  /// Rounds to nearest even, and to an infinity beyond the range.
  DOVETAIL_EXPORT explicit Float16(float value) noexcept;
  /// Makes the number with these bits.
  static constexpr Float16 from_bits(std::uint16_t bits) noexcept {
    Float16 result;
    result.bits_ = bits;
    return result;
  }
  DOVETAIL_EXPORT explicit operator float() const noexcept;        ///< Converts without loss.
  constexpr std::uint16_t bits() const noexcept { return bits_; }  ///< Returns the bits.

 private:
  std::uint16_t bits_ = 0;
};

/// bfloat16: the upper half of a float, 8 significant bits. For storage; compute in float.
class BFloat16 {
 public:
  BFloat16() = default;
  /// Rounds to nearest even; a NaN stays a NaN.
  explicit BFloat16(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = (bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16;
    bits_ = static_cast<std::uint16_t>(value != value ? (bits >> 16) | 0x40U : rounded);
  }
  /// Makes the number with these bits.
  static constexpr BFloat16 from_bits(std::uint16_t bits) noexcept {
    BFloat16 result;
    result.bits_ = bits;
    return result;
  }
  /// Converts without loss.
  explicit operator float() const noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits_) << 16);
  }
  constexpr std::uint16_t bits() const noexcept { return bits_; }  ///< Returns the bits.

 private:
  std::uint16_t bits_ = 0;
};

}  // namespace dovetail

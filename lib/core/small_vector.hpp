// SPDX-License-Identifier: Apache-2.0
// A list that needs no heap while it is short.
#pragma once

#include <array>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace dovetail::detail {

template <typename T, std::size_t N>
class SmallVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  SmallVector() noexcept {}  // NOLINT(modernize-use-equals-default): leaves the room unwritten
  SmallVector(const SmallVector&) = delete;
  SmallVector& operator=(const SmallVector&) = delete;

  void push_back(const T& value) {
    if (size_ == N && more_.empty()) more_.assign(few_.begin(), few_.end());
    if (size_ < N) {
      few_[size_] = value;
    } else {
      more_.push_back(value);
    }
    ++size_;
  }
  T* data() noexcept { return size_ <= N ? few_.data() : more_.data(); }
  const T* data() const noexcept { return size_ <= N ? few_.data() : more_.data(); }
  T* begin() noexcept { return data(); }
  T* end() noexcept { return data() + size_; }
  const T* begin() const noexcept { return data(); }
  const T* end() const noexcept { return data() + size_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T& operator[](std::size_t i) noexcept { return data()[i]; }

 private:
  std::array<T, N> few_;
  std::vector<T> more_;  // all of them, once there are more than N
  std::size_t size_ = 0;
};

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
// A tensor of another framework, as DLPack describes it.
#pragma once

#include <CL/cl.h>
#include <dlpack/dlpack.h>

#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "dovetail/tensor/tensor.hpp"
#include "tests/support/ordered_work.hpp"

namespace dovetail::test {

inline constexpr DLDataType int32_type{kDLInt, 32, 1};

/// A tensor of an unknown framework. Records which thread calls its deleter.
class ForeignTensor {
 public:
  ForeignTensor(void* data, DLDeviceType device, std::vector<std::int64_t> shape_in,
                DLDataType dtype = int32_type)
      : shape(std::move(shape_in)) {
    managed.dl_tensor.data = data;
    managed.dl_tensor.device = {device, 0};
    managed.dl_tensor.ndim = static_cast<int>(shape.size());
    managed.dl_tensor.dtype = dtype;
    managed.dl_tensor.shape = shape.data();
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensor* self) {
      static_cast<ForeignTensor*>(self->manager_ctx)->count_deletion();
    };
  }
  ForeignTensor(cl_mem memory, std::vector<std::int64_t> shape_in)
      : ForeignTensor(static_cast<void*>(memory), kDLOpenCL, std::move(shape_in)) {}
  ForeignTensor(const ForeignTensor&) = delete;
  ForeignTensor& operator=(const ForeignTensor&) = delete;

  /// Returns how often the deleter was called.
  int deletions() const {
    const std::scoped_lock lock(mutex_);
    return deletions_;
  }
  /// Blocks until the first call of the deleter. Returns its thread.
  std::thread::id deleted_by() const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return deletions_ > 0; });
    return thread_;
  }

  std::vector<std::int64_t> shape, strides;
  DLManagedTensor managed{};

 private:
  void count_deletion() {
    const std::scoped_lock lock(mutex_);
    ++deletions_;
    thread_ = std::this_thread::get_id();
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  int deletions_ = 0;
  std::thread::id thread_;
};

/// Returns whether the deleter stays uncalled while a free stream does work.
inline bool is_kept(const ForeignTensor& foreign) {
  for (int i = 0; i < 10; ++i) {
    static_cast<void>(contents(Buffer(context(), sizeof(int))));
    if (foreign.deletions() != 0) return false;
  }
  return true;
}

/// Returns how often the tensor's memory is mapped to the host.
inline cl_uint mappings_of(const Tensor& tensor) {
  cl_uint count = 0;
  clGetMemObjectInfo(detail::handle_of(tensor.storage().buffer).memory, CL_MEM_MAP_COUNT,
                     sizeof(count), &count, nullptr);
  return count;
}

/// Integers in host memory, at a multiple of 4096 bytes.
class HostInts {
 public:
  explicit HostInts(const std::vector<int>& values)
      : data_(static_cast<int*>(std::aligned_alloc(4096, 4096))), size_(values.size()) {
    for (std::size_t i = 0; i < size_; ++i) data_.get()[i] = values[i];
  }
  int* data() const { return data_.get(); }
  std::vector<int> values() const { return {data(), data() + size_}; }

 private:
  struct Free {
    void operator()(int* data) const { std::free(data); }
  };
  std::unique_ptr<int, Free> data_;
  std::size_t size_;
};

}  // namespace dovetail::test

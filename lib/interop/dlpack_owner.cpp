// SPDX-License-Identifier: Apache-2.0
#include "lib/interop/dlpack_owner.hpp"

#include <cstdio>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "lib/core/opencl_check.hpp"
#include "lib/core/thrown_text.hpp"
#include "lib/interop/deferred_deleter.hpp"

namespace dovetail::detail {
namespace {

class OpenCLOwner final : public DlpackOwner {
 public:
  explicit OpenCLOwner(std::optional<Stream> producer) : producer_(std::move(producer)) {}
  void take(DLManagedTensor* managed) override { managed_ = managed; }

  void give_back(MemoryBlock block, std::size_t /*nbytes*/, bool is_lent_out) noexcept override {
    if (managed_ == nullptr) return;
    try {
      DeferredDeleter later{.markers = std::nullopt,
                            .find_markers = [memory = block.tracked, is_lent_out] {
                              return markers_behind(memory, is_lent_out);
                            }};
      try {
        later.markers = later.find_markers();
        if (!later.markers) {
          std::fprintf(stderr,
                       "dovetail: memory goes back to its DLPack producer once "
                       "Stream::declare_done says that work on a queue that is gone is done\n");
        }
      } catch (...) {  // a peer may throw anything
        std::fprintf(stderr, "dovetail: memory goes back to its DLPack producer later: %s\n",
                     thrown_text().c_str());
      }
      if (!later.markers || !later.markers->empty()) {
        later.block = std::move(block);
        later.managed = managed_;
        return defer(std::move(later));
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "dovetail: memory is not given back to its DLPack producer: %s\n",
                   error.what());
      return;
    }
    { const MemoryBlock released = std::move(block); }
    call_deleter(managed_);
  }

 private:
  std::optional<Stream> producer_;
  DLManagedTensor* managed_ = nullptr;
};

/// While a thread releases memory: which, and whether OpenCL deleted it meanwhile.
struct Releasing {
  DLManagedTensor* managed;
  bool is_deleted = false;
};
thread_local Releasing* releasing = nullptr;

/// OpenCL uses the host's memory no more. A driver may call this from anywhere, under its locks.
void CL_CALLBACK on_deleted(cl_mem /*memory*/, void* managed) {
  if (releasing != nullptr && releasing->managed == managed) {
    releasing->is_deleted = true;
    return;
  }
  try {
    defer({.managed = static_cast<DLManagedTensor*>(managed)});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dovetail: memory is not given back to its DLPack producer: %s\n",
                 error.what());
  }
}

class HostOwner final : public DlpackOwner {
 public:
  explicit HostOwner(cl_mem memory) : memory_(memory) {}

  void take(DLManagedTensor* managed) override {
    check(clSetMemObjectDestructorCallback(memory_, on_deleted, managed),
          "clSetMemObjectDestructorCallback");
    managed_ = managed;
  }

  void give_back(MemoryBlock block, std::size_t /*nbytes*/,
                 bool /*is_lent_out*/) noexcept override {
    if (managed_ == nullptr) return;
    Releasing here{managed_};
    Releasing* const outer = std::exchange(releasing, &here);
    { const MemoryBlock released = std::move(block); }
    releasing = outer;
    if (here.is_deleted) call_deleter(managed_);
  }

 private:
  cl_mem memory_;  // the buffer's
  DLManagedTensor* managed_ = nullptr;
};

}  // namespace

std::shared_ptr<DlpackOwner> own_opencl_memory(std::optional<Stream> producer) {
  return std::make_shared<OpenCLOwner>(std::move(producer));
}

std::shared_ptr<DlpackOwner> own_host_memory(cl_mem memory) {
  return std::make_shared<HostOwner>(memory);
}

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
// A cl_kernel and the arguments it has.
#pragma once

#include <CL/cl.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "dovetail/core/device.hpp"
#include "dovetail/runtime/kernel_argument.hpp"
#include "dovetail/runtime/kernel_signature.hpp"

namespace dovetail::detail {

/// What an argument of a cl_kernel was last set to, as far as that can be told from a new value in
/// few instructions.
struct SetValue {
  std::uint64_t low = 0, high = 0;
  std::size_t nbytes = 0;  ///< 0 for what cannot be told.

  /// A buffer that is passed as such is known by its serial number: a handle's value may belong to
  /// another by now.
  static SetValue of(const KernelArgument& argument) {
    switch (argument.kind()) {
      case KernelArgument::Kind::value:
        return of_bytes(argument.value(), argument.nbytes());
      case KernelArgument::Kind::local:
        return {argument.nbytes(), 0, sizeof(std::size_t)};
      case KernelArgument::Kind::memory:
        break;
    }
    if (argument.handle().serial == 0 || argument.offset() != 0 || argument.nbytes() == 0) {
      return {};
    }
    return {argument.handle().serial, 0, sizeof(std::uint64_t)};
  }
  bool is(const SetValue& other) const noexcept {
    return nbytes != 0 && nbytes == other.nbytes && low == other.low && high == other.high;
  }

 private:
  static SetValue of_bytes(const void* bytes, std::size_t nbytes) {
    SetValue value{0, 0, nbytes};
    switch (nbytes) {
      case 4:
        std::memcpy(&value.low, bytes, 4);
        return value;
      case 8:
        std::memcpy(&value.low, bytes, 8);
        return value;
      case 16:
        std::memcpy(&value.low, bytes, 8);
        std::memcpy(&value.high, static_cast<const char*>(bytes) + 8, 8);
        return value;
      default:
        return {};
    }
  }
};

/// What arguments with an offset are passed as. Released with this, which must come after the last
/// enqueue: a kernel does not keep its arguments, only a command does.
class SubBuffers {
 public:
  SubBuffers() = default;
  SubBuffers(SubBuffers&& other) noexcept { held_.swap(other.held_); }
  SubBuffers& operator=(SubBuffers&& other) noexcept {
    held_.swap(other.held_);
    return *this;
  }
  ~SubBuffers();

  /// Memory that starts at the argument's offset.
  cl_mem at_offset(const KernelSignature& signature, std::size_t index,
                   const KernelArgument& argument, const Device& device);

 private:
  std::vector<cl_mem> held_;
};

/// A cl_kernel and the arguments it has: only those that change are set again.
class KernelInstance {
 public:
  KernelInstance(cl_program program, const KernelSignature& signature);
  KernelInstance(const KernelInstance&) = delete;
  KernelInstance& operator=(const KernelInstance&) = delete;
  ~KernelInstance();

  cl_kernel get() const noexcept { return kernel_; }

  /// @param sub_buffers  Keeps what the argument is passed as, for as long as it may be launched.
  /// @throws InvalidArgument  OpenCL does not take the argument.
  void set(const KernelSignature& signature, std::size_t index, const KernelArgument& argument,
           const Device& device, SubBuffers& sub_buffers) {
    if (argument.nbytes() > sizeof(SetValue::low) + sizeof(SetValue::high) &&
        argument.kind() == KernelArgument::Kind::value) {
      return set_struct(signature, index, argument, device, sub_buffers);
    }
    const SetValue wanted = SetValue::of(argument);
    if (arguments_[index].is(wanted)) return;
    change(signature, index, argument, device, sub_buffers);
    arguments_[index] = wanted;
  }

 private:
  void change(const KernelSignature& signature, std::size_t index, const KernelArgument& argument,
              const Device& device, SubBuffers& sub_buffers);
  void set_struct(const KernelSignature& signature, std::size_t index,
                  const KernelArgument& argument, const Device& device, SubBuffers& sub_buffers);

  cl_kernel kernel_;
  std::vector<SetValue> arguments_;
  std::vector<std::vector<unsigned char>> structs_;  // those of more bytes than a SetValue holds
};

}  // namespace dovetail::detail

// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/kernel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>

#include "dovetail/core/error.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"
#include "lib/stream/submission.hpp"
#include "lib/stream/with_room.hpp"

namespace dovetail {

namespace {

/// What an argument is checked against at each launch, worked out once from the signature.
struct ParameterCheck {
  bool known;  ///< The driver told the signature.
  KernelArgument::Kind kind;
  std::size_t nbytes;  ///< Of a value; 0 for a struct or an opaque type, whose size OpenCL checks.
  bool floating;
  Access access;  ///< Unless the caller declares another.

  explicit ParameterCheck(const KernelParameter& parameter)
      : known(parameter.address_space != AddressSpace::unknown),
        kind(wanted_kind(parameter.address_space)),
        nbytes(size_of_opencl_type(parameter.type)),
        floating(parameter.type == "float" || parameter.type == "double"),
        access(parameter.is_const || parameter.address_space == AddressSpace::constant
                   ? Access::read
                   : Access::read_write) {}

 private:
  static KernelArgument::Kind wanted_kind(AddressSpace space) {
    switch (space) {
      case AddressSpace::global:
      case AddressSpace::constant:
        return KernelArgument::Kind::memory;
      case AddressSpace::local:
        return KernelArgument::Kind::local;
      default:
        return KernelArgument::Kind::value;
    }
  }
};

/// What an argument of a cl_kernel was last set to, as far as that can be told from a new value.
struct SetValue {
  std::uint64_t low = 0, high = 0;
  std::size_t nbytes = 0;  ///< 0 for what cannot be told.

  /// A buffer is known by its serial number: a handle's value may belong to another by now.
  static SetValue of(const KernelArgument& argument) {
    switch (argument.kind()) {
      case KernelArgument::Kind::value:
        return of_bytes(argument.value(), argument.nbytes());
      case KernelArgument::Kind::local:
        return {argument.nbytes(), 0, sizeof(std::size_t)};
      case KernelArgument::Kind::memory:
        break;
    }
    if (argument.handle().serial == 0 || argument.offset() != 0) return {};
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

/// A cl_kernel and the arguments it has: only those that change are set again.
struct Instance {
  cl_kernel kernel;
  std::vector<SetValue> arguments;

  Instance(cl_kernel kernel_in, std::size_t count) : kernel(kernel_in), arguments(count) {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() { detail::release(kernel); }
};

}  // namespace

struct Kernel::State {
  Program program;
  KernelSignature signature;
  std::vector<ParameterCheck> checks;
  const char* permanent_name;
  std::size_t max_work_group_size = 0;

  // cl_kernels that no thread holds; their arguments are captured when a launch is enqueued, so one
  // may be used again at once.
  std::atomic<Instance*> spare{nullptr};  // the one used last, for a thread that launches in a row
  std::mutex mutex;
  std::vector<std::unique_ptr<Instance>> idle;

  State(Program program_in, KernelSignature signature_in)
      : program(std::move(program_in)),
        signature(std::move(signature_in)),
        checks(signature.parameters.begin(), signature.parameters.end()),
        permanent_name(detail::permanent(signature.name)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() { delete spare.load(); }

  std::unique_ptr<Instance> take() {
    if (Instance* instance = spare.exchange(nullptr, std::memory_order_acquire)) {
      return std::unique_ptr<Instance>(instance);
    }
    {
      const std::scoped_lock lock(mutex);
      if (!idle.empty()) {
        auto instance = std::move(idle.back());
        idle.pop_back();
        return instance;
      }
    }
    cl_int status = CL_SUCCESS;
    cl_kernel kernel = clCreateKernel(program.get(), signature.name.c_str(), &status);
    detail::check(status, "clCreateKernel");
    return std::make_unique<Instance>(kernel, signature.parameters.size());
  }

  void give_back(std::unique_ptr<Instance> used) {
    std::unique_ptr<Instance> other(spare.exchange(used.release(), std::memory_order_acq_rel));
    if (!other) return;
    const std::scoped_lock lock(mutex);
    idle.push_back(std::move(other));
  }
};

namespace {

std::string label(const KernelSignature& signature, std::size_t index) {
  const KernelParameter& parameter = signature.parameters[index];
  if (parameter.address_space == AddressSpace::unknown) {
    return fmt::format("[Kernel '{}'] argument {}", signature.name, index);
  }
  return fmt::format("[Kernel '{}'] argument {}, '{} {}',", signature.name, index, parameter.type,
                     parameter.name);
}

std::string_view kind_name(KernelArgument::Kind kind) {
  switch (kind) {
    case KernelArgument::Kind::value:
      return "a value";
    case KernelArgument::Kind::memory:
      return "a buffer";
    case KernelArgument::Kind::local:
      break;
  }
  return "local memory";
}

void check_value(const KernelSignature& signature, std::size_t index, const ParameterCheck& check,
                 const KernelArgument& given) {
  if (check.nbytes == 0) return;
  if (given.nbytes() != check.nbytes) {
    throw InvalidArgument(fmt::format("{} takes {} bytes, but the value given has {}; cast it.",
                                      label(signature, index), check.nbytes, given.nbytes()));
  }
  using ValueType = KernelArgument::ValueType;
  if (given.value_type() == (check.floating ? ValueType::integral : ValueType::floating)) {
    throw InvalidArgument(fmt::format("{} was given {} value; cast it.", label(signature, index),
                                      check.floating ? "an integral" : "a floating-point"));
  }
}

void check_argument(const KernelSignature& signature, std::size_t index,
                    const ParameterCheck& check, const KernelArgument& given, cl_context context) {
  if (given.context() != nullptr && given.context() != context) {
    throw InvalidArgument(
        fmt::format("{} was given a buffer of another context; copy it into the kernel's context.",
                    label(signature, index)));
  }
  if (given.used_offset() > given.memory_nbytes() ||
      given.used_nbytes() > given.memory_nbytes() - given.used_offset()) {
    throw InvalidArgument(fmt::format("{} was given {} bytes at offset {} of a buffer that has {}.",
                                      label(signature, index), given.used_nbytes(),
                                      given.used_offset(), given.memory_nbytes()));
  }
  if (given.kind() == KernelArgument::Kind::local && given.nbytes() == 0) {
    throw InvalidArgument(
        fmt::format("{} was given 0 bytes of local memory.", label(signature, index)));
  }
  if (!check.known) return;
  if (given.kind() != check.kind) {
    throw InvalidArgument(fmt::format("{} takes {}, but was given {}.", label(signature, index),
                                      kind_name(check.kind), kind_name(given.kind())));
  }
  if (given.kind() == KernelArgument::Kind::value) check_value(signature, index, check, given);
}

/// What a launch's arguments with an offset are passed as, released at the end of the scope. That
/// must come after the enqueue: a kernel does not keep its arguments, only a command does.
class SubBuffers {
 public:
  SubBuffers() = default;
  SubBuffers(const SubBuffers&) = delete;
  SubBuffers& operator=(const SubBuffers&) = delete;
  ~SubBuffers() {
    for (cl_mem memory : held_) detail::release(memory);
  }

  /// Memory that starts at the argument's offset.
  cl_mem at_offset(const KernelSignature& signature, std::size_t index,
                   const KernelArgument& argument, const Device& device) {
    if (argument.offset() == 0) return argument.memory();
    if (argument.nbytes() == 0) return nullptr;  // as an empty buffer: there is nothing to point at
    if (argument.offset() % device.base_address_alignment() != 0) {
      throw InvalidArgument(
          fmt::format("{} was given memory at offset {} bytes, which is not a multiple of this "
                      "device's alignment of {}; pass the whole buffer and the offset as an "
                      "argument of its own.",
                      label(signature, index), argument.offset(), device.base_address_alignment()));
    }
    // To the end, whatever the argument's size: NVIDIA's driver 580 mixes up sub-buffers that have
    // one origin and different sizes, and gives wrong results even on one queue.
    const cl_buffer_region region{argument.offset(),
                                  argument.handle().tracking->nbytes() - argument.offset()};
    held_.reserve(held_.size() + 1);
    cl_int status = CL_SUCCESS;
    cl_mem memory =
        clCreateSubBuffer(argument.memory(), 0, CL_BUFFER_CREATE_TYPE_REGION, &region, &status);
    detail::check(status, "clCreateSubBuffer");
    held_.push_back(memory);
    return memory;
  }

 private:
  std::vector<cl_mem> held_;
};

void set_argument(Instance& instance, const KernelSignature& signature, cl_uint index,
                  const KernelArgument& argument, const Device& device, SubBuffers& sub_buffers) {
  SetValue& set = instance.arguments[index];
  const SetValue wanted = SetValue::of(argument);
  if (set.is(wanted)) return;
  cl_kernel kernel = instance.kernel;
  cl_int status = CL_SUCCESS;
  switch (argument.kind()) {
    case KernelArgument::Kind::value:
      status = clSetKernelArg(kernel, index, argument.nbytes(), argument.value());
      break;
    case KernelArgument::Kind::local:
      status = clSetKernelArg(kernel, index, argument.nbytes(), nullptr);
      break;
    case KernelArgument::Kind::memory: {
      const cl_mem memory = sub_buffers.at_offset(signature, index, argument, device);
      status = clSetKernelArg(kernel, index, sizeof(memory), &memory);
      break;
    }
  }
  if (status == CL_INVALID_ARG_SIZE || status == CL_INVALID_ARG_VALUE ||
      status == CL_INVALID_MEM_OBJECT) {
    throw InvalidArgument(fmt::format("{} does not take {} of {} bytes ({}).",
                                      label(signature, index), kind_name(argument.kind()),
                                      argument.nbytes(), status_name(status)));
  }
  detail::check(status, "clSetKernelArg");
  set = wanted;
}

/// The memory that a launch uses, and what keeps the records of raw handles until it is enqueued.
struct LaunchUses {
  detail::TrackedUses uses;
  std::vector<detail::TrackedMemory> raw;

  void add(const KernelArgument& argument, const ParameterCheck& check) {
    if (argument.kind() != KernelArgument::Kind::memory || argument.memory() == nullptr) return;
    const Access access = argument.access().value_or(check.access);
    const detail::BufferHandle& handle = argument.handle();
    if (handle.serial == 0) {
      raw.push_back(detail::track(argument.memory()));
      uses.push_back({raw.back().state.get(), raw.back().range, access});
    } else if (argument.used_nbytes() != 0) {
      const std::size_t begin = handle.begin + argument.used_offset();
      uses.push_back({handle.tracking, {begin, begin + argument.used_nbytes()}, access});
    }
  }
};

std::size_t items_of_group(const NDRange& range) {
  std::size_t items = 1;
  for (unsigned i = 0; i < range.dimensions(); ++i) items *= range.local()[i];
  return items;
}

}  // namespace

Kernel::Kernel(const Program& program, std::string_view name) {
  const auto& signatures = program.signatures();
  const auto found = std::ranges::find(signatures, name, &KernelSignature::name);
  if (found == signatures.end()) {
    std::string names;
    for (const KernelSignature& signature : signatures) names += " " + signature.name;
    throw InvalidArgument(fmt::format("[Kernel] the program '{}' has no kernel '{}'; it has:{}",
                                      program.name(), name, names));
  }
  state_ = std::make_shared<State>(program, *found);
  auto instance = state_->take();
  const cl_int status = clGetKernelWorkGroupInfo(
      instance->kernel, program.device().get(), CL_KERNEL_WORK_GROUP_SIZE,
      sizeof(state_->max_work_group_size), &state_->max_work_group_size, nullptr);
  state_->give_back(std::move(instance));
  detail::check(status, "clGetKernelWorkGroupInfo");
}

void Kernel::enqueue(const Stream& stream, const NDRange& range,
                     std::span<const KernelArgument> arguments) const {
  detail::check_not_forked("Kernel::launch");
  const KernelSignature& signature = state_->signature;
  const cl_context context = state_->program.context();
  if (stream.context().get() != context || !(stream.device() == state_->program.device())) {
    throw InvalidArgument(fmt::format(
        "[Kernel '{}'] the stream belongs to another context or device than the program; "
        "build the program for the stream's context.",
        signature.name));
  }
  if (arguments.size() != signature.parameters.size()) {
    throw InvalidArgument(fmt::format("[Kernel '{}'] takes {} arguments, but was given {}.",
                                      signature.name, signature.parameters.size(),
                                      arguments.size()));
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    check_argument(signature, i, state_->checks[i], arguments[i], context);
  }
  if (range.local() != nullptr && items_of_group(range) > state_->max_work_group_size) {
    throw InvalidArgument(fmt::format(
        "[Kernel '{}'] {}: a group of {} work-items, but this kernel takes {} at most here.",
        signature.name, range.str(), items_of_group(range), state_->max_work_group_size));
  }

  // Held by this thread alone from here to the end of the scope.
  struct Held {
    State& state;
    std::unique_ptr<Instance> instance;
    ~Held() { state.give_back(std::move(instance)); }
  } const held{*state_, state_->take()};
  SubBuffers sub_buffers;
  LaunchUses memory;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    set_argument(*held.instance, signature, static_cast<cl_uint>(i), arguments[i],
                 state_->program.device(), sub_buffers);
    memory.add(arguments[i], state_->checks[i]);
  }
  const detail::Submission submission(stream, memory.uses, {"kernel", state_->permanent_name});
  const cl_int status = detail::enqueue_with_room(stream.context(), [&] {
    return clEnqueueNDRangeKernel(submission.queue(), held.instance->kernel, range.dimensions(),
                                  nullptr, range.global(), range.local(), 0, nullptr, nullptr);
  });
  if (status != CL_SUCCESS) [[unlikely]] {
    detail::throw_opencl_error(status, "clEnqueueNDRangeKernel", std::source_location::current(),
                               fmt::format("kernel '{}', {}", signature.name, range.str()));
  }
}

const std::string& Kernel::name() const noexcept { return state_->signature.name; }
const std::vector<KernelParameter>& Kernel::parameters() const noexcept {
  return state_->signature.parameters;
}
std::size_t Kernel::max_work_group_size() const noexcept { return state_->max_work_group_size; }

}  // namespace dovetail

// SPDX-License-Identifier: Apache-2.0
#include "lib/runtime/argument_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/core/memory_info.hpp"
#include "lib/core/range_check.hpp"

namespace dovetail::detail {
namespace {

KernelArgument::Kind wanted_kind(AddressSpace space) {
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

/// Images, samplers, pipes and queues, which OpenCL tells like memory or values.
bool is_opaque(std::string_view type) {
  constexpr std::string_view names[] = {"sampler_t",   "queue_t",      "event_t",
                                        "clk_event_t", "reserve_id_t", "ndrange_t"};
  const std::string_view last = type.substr(type.find_last_of(' ') + 1);
  const bool is_image = last.starts_with("image") && last.ends_with("_t") && last.size() > 5 &&
                        last[5] >= '1' && last[5] <= '3';
  return is_image || type.starts_with("pipe ") || std::ranges::find(names, last) != std::end(names);
}

/// What may lie where a pointer of this type points to: integers of its size, with a sign or
/// without; for a 16-bit integer also the bits of a 16-bit float; anything for bytes and for a type
/// that is not one of OpenCL C's own names.
DTypes elements_of(std::string_view type) {
  constexpr auto kinds = [](auto... each) {
    return static_cast<DTypes>(((1U << static_cast<unsigned>(each)) | ...));
  };
  using enum DType;
  constexpr std::pair<std::string_view, DTypes> known[] = {
      {"float", kinds(f32)},    {"double", kinds(f64)},
      {"half", kinds(f16)},     {"short", kinds(i16, u16, f16, bf16)},
      {"int", kinds(i32, u32)}, {"long", kinds(i64, u64)},
  };
  const std::string_view pointee = type.substr(0, type.find('*'));
  if (size_of_opencl_type(pointee) != 0) {
    const std::string_view scalar = pointee.substr(pointee.front() == 'u' ? 1 : 0);
    for (const auto& [name, elements] : known) {
      if (scalar.starts_with(name)) return elements;
    }
  }
  return std::numeric_limits<DTypes>::max();
}

void check_elements(const KernelSignature& signature, std::size_t index,
                    const ParameterCheck& check, DType given) {
  if ((check.elements >> static_cast<unsigned>(given) & 1U) != 0) return;
  const std::string_view type = signature.parameters[index].type;
  const std::string_view pointee = type.substr(0, type.find('*'));
  const std::string_view width = pointee.substr(pointee.find_last_not_of("0123456789") + 1);
  throw InvalidArgument(fmt::format(
      "{} was given elements of {}; convert them, declare the parameter as '{}{}*', or pass "
      "storage(), whose bytes are taken as they are.",
      argument_label(signature, index), to_string(given), info(given).opencl_type, width));
}

void check_value(const KernelSignature& signature, std::size_t index, const ParameterCheck& check,
                 const KernelArgument& given) {
  if (check.nbytes == 0) return;
  if (given.nbytes() != check.nbytes) {
    throw InvalidArgument(fmt::format("{} takes {} bytes, but the value given has {}; cast it.",
                                      argument_label(signature, index), check.nbytes,
                                      given.nbytes()));
  }
  using ValueType = KernelArgument::ValueType;
  if (given.value_type() == (check.floating ? ValueType::integral : ValueType::floating)) {
    throw InvalidArgument(fmt::format("{} was given {} value; cast it.",
                                      argument_label(signature, index),
                                      check.floating ? "an integral" : "a floating-point"));
  }
}

void check_type(const KernelSignature& signature, std::size_t index, cl_mem memory) {
  const auto type = memory_info<cl_mem_object_type>(memory, CL_MEM_TYPE);
  if (type == CL_MEM_OBJECT_BUFFER) return;
  throw InvalidArgument(fmt::format(
      "{} was given an image or a pipe (CL_MEM_TYPE {:#x}); give a buffer, or launch the kernel "
      "with OpenCL's own calls by with_queue.",
      argument_label(signature, index), type));
}

}  // namespace

ParameterCheck::ParameterCheck(const KernelParameter& parameter)
    : known(parameter.address_space != AddressSpace::unknown),
      kind(wanted_kind(parameter.address_space)),
      nbytes(size_of_opencl_type(parameter.type)),
      floating(parameter.type.starts_with("float") || parameter.type.starts_with("double")),
      opaque(is_opaque(parameter.type)),
      access(parameter.is_const || parameter.address_space == AddressSpace::constant
                 ? Access::read
                 : Access::read_write),
      elements(elements_of(parameter.type)) {}

std::string argument_label(const KernelSignature& signature, std::size_t index) {
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

void check_argument(const KernelSignature& signature, std::size_t index,
                    const ParameterCheck& check, const KernelArgument& given, cl_context context) {
  if (given.is_moved_from()) {
    throw InvalidArgument(fmt::format(
        "{} was given a buffer, view or tensor that was moved from and holds no memory; pass the "
        "handle that it was moved to, or copy instead of moving.",
        argument_label(signature, index)));
  }
  const cl_context owner =
      is_raw(given) ? memory_info<cl_context>(given.memory(), CL_MEM_CONTEXT) : given.context();
  if (owner != nullptr && owner != context) {
    throw InvalidArgument(
        fmt::format("{} was given a buffer of another context; copy it into the kernel's context.",
                    argument_label(signature, index)));
  }
  check_range(given.used_offset(), given.used_nbytes(), given.memory_nbytes(),
              [&] { return argument_label(signature, index); });
  if (given.kind() == KernelArgument::Kind::local && given.nbytes() == 0) {
    throw InvalidArgument(
        fmt::format("{} was given 0 bytes of local memory; give what one work-group needs.",
                    argument_label(signature, index)));
  }
  if (!given.is_contiguous()) {
    throw InvalidArgument(fmt::format(
        "{} was given a view of a tensor that is not contiguous, and the kernel would not see its "
        "strides; pass contiguous(x), or whole_buffer of its use with the strides.",
        argument_label(signature, index)));
  }
  if (!check.known) return;
  if (check.opaque) {
    throw InvalidArgument(
        fmt::format("{} is no buffer, value or local memory, and nothing else can be given; launch "
                    "the kernel with OpenCL's own calls by with_queue.",
                    argument_label(signature, index)));
  }
  if (given.kind() != check.kind) {
    throw InvalidArgument(fmt::format("{} takes {}, but was given {}; give what it declares.",
                                      argument_label(signature, index), kind_name(check.kind),
                                      kind_name(given.kind())));
  }
  if (is_raw(given)) check_type(signature, index, given.memory());
  if (given.kind() == KernelArgument::Kind::value) check_value(signature, index, check, given);
  if (given.element()) check_elements(signature, index, check, *given.element());
}

}  // namespace dovetail::detail
